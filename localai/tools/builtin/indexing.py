"""Bringing the index of the notes up to date, in slices: what a call has no time for, the next
one does. Every slice of a file is committed as it is done.

A file is read again when its size or time has changed, and goes in again when its content
has. A long one goes in by parts: passages of a text, pages of a PDF. A PDF that gives no page
in the time it gets is noted as unreadable, and not tried again until its content changes.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import msgspec

from localai.errors import StoreDamaged, StoreError
from localai.store.notes import Key, NoteFile, Notes, Passage
from localai.tools.builtin import beneath, passages
from localai.tools.builtin.files import MOST_BYTES
from localai.tools.builtin.listing import Listing

# Well below what a call may take: what is begun in time must also end in it.
CPU_SECONDS = 2.5
WALL_SECONDS = 5.0
PDF_SECONDS = 3.0
MOST_PASSAGES = 2_000
"""Of a text that go in at a time."""

_CHUNK = 1 << 20
# So soon after a change, the next one may leave the file's time as it is. No file has the
# time -1, so what is noted with it is compared by content the next time.
_UNSETTLED_NS = 2_000_000_000
_UNSURE = -1


@dataclass(frozen=True)
class State:
    """How far the index is: `done` of `files`; in `unreadable` of them no text was found.
    `problem` is a sentence on why it could not go on, if so."""

    files: int
    done: int
    unreadable: int
    problem: str = ""


def budget() -> Callable[[], bool]:
    """Whether there is time left, from now on."""
    cpu, wall = time.process_time() + CPU_SECONDS, time.monotonic() + WALL_SECONDS
    return lambda: time.process_time() < cpu and time.monotonic() < wall


def update(notes: Notes, listing: Listing, has_time: Callable[[], bool]) -> State:
    """Take out what is gone and index what is new or has changed, while there is time.

    One slice is done in any case. Raises StoreDamaged; after another StoreError the index
    stays as far as it is.
    """
    known = notes.known()
    closed = {os.fsencode(folder) for folder in listing.closed}
    gone = [key for key in known if key not in listing.files and key[0] not in closed]
    stale = [key for key, seen in listing.files.items() if _stale(known.get(key), seen)]
    # The quick ones first: a book must not keep the notes from being found.
    waiting = deque(sorted(stale, key=lambda key: (_is_pdf(key), listing.files[key])))
    problem = ""
    try:
        for number, key in enumerate(gone):
            if number and not has_time():
                break
            notes.remove(key)
        slices = 0
        while waiting and (not slices or has_time()):
            slices += 1
            key = waiting[0]
            known[key] = _slice(notes, key, known.get(key))
            waiting.rotate(-1)
            if not known[key].rest:
                waiting.pop()
    except StoreDamaged:
        raise
    except StoreError as error:
        problem = str(error)
    unreadable = sum(not known[key].readable for key in listing.files if key in known)
    return State(len(listing.files), len(listing.files) - len(waiting), unreadable, problem)


def _stale(known: NoteFile | None, seen: tuple[int, int]) -> bool:
    return known is None or known.rest > 0 or (known.size, known.modified) != seen


def _is_pdf(key: Key) -> bool:
    return key[1].lower().endswith(b".pdf")


def _slice(notes: Notes, key: Key, before: NoteFile | None) -> NoteFile:
    """Index the next part of a file; what is known of it then."""
    opened = _opened(key)
    if opened is None:  # it is not kept in the index: the next call may open it
        notes.remove(key)
        return NoteFile(0, _UNSURE, "", readable=False)
    descriptor, data = opened
    try:
        modified = _settled(os.fstat(descriptor).st_mtime_ns)
        file = NoteFile(len(data), modified, hashlib.sha256(data).hexdigest(), readable=False)
        if before is None or before.sha256 != file.sha256:
            after, parts = _part(key, descriptor, data, file, 1)
            notes.replace(key, after, _name(key), parts)
            return after
        file = msgspec.structs.replace(file, readable=before.readable)
        after, parts = (
            _part(key, descriptor, data, file, before.rest) if before.rest else (file, [])
        )
        notes.extend(key, before, after, _name(key), parts)
        return after
    finally:
        os.close(descriptor)


def _opened(key: Key) -> tuple[int, bytes] | None:
    """A descriptor of the file and what it holds; None when that is not to be had."""
    try:
        descriptor = beneath.open_file(os.fsdecode(key[0]), os.fsdecode(key[1]))
    except OSError:
        return None
    try:
        data = bytearray()
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            while len(data) <= MOST_BYTES:
                if not (chunk := os.read(descriptor, _CHUNK)):
                    return descriptor, bytes(data)
                data += chunk
    except OSError:
        pass
    os.close(descriptor)
    return None


def _part(
    key: Key, descriptor: int, data: bytes, file: NoteFile, first: int
) -> tuple[NoteFile, list[Passage]]:
    """The passages from part `first` on, and the file with where it goes on."""
    parts, rest = _pages(descriptor, first) if _is_pdf(key) else _text(data, first)
    return msgspec.structs.replace(file, rest=rest, readable=file.readable or bool(parts)), parts


def _text(data: bytes, first: int) -> tuple[list[Passage], int]:
    if b"\0" in data:
        return [], 0
    every = passages.split(data.decode("utf-8-sig", "replace"))
    parts = [Passage(*part) for part in islice(every, first - 1, first - 1 + MOST_PASSAGES)]
    return parts, first + MOST_PASSAGES if next(every, None) else 0


def _pages(descriptor: int, first: int) -> tuple[list[Passage], int]:
    from localai.tools.builtin import pdf  # only for a PDF: it costs a call more than the rest

    found = pdf.read(descriptor, first, PDF_SECONDS)
    parts = [
        Passage(page, text) for page, whole in found.pages for _, text in passages.split(whole)
    ]
    goes_on = found.pages and not found.ended
    return parts, found.pages[-1][0] + 1 if goes_on else 0


def _name(key: Key) -> str:
    """The words of the path inside the folder, without what only says the kind of file."""
    return os.path.splitext(key[1])[0].decode("utf-8", "replace")  # noqa: PTH122 - bytes


def _settled(modified: int) -> int:
    return _UNSURE if 0 <= time.time_ns() - modified < _UNSETTLED_NS else modified
