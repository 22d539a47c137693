"""Searching the user's notes: text, Markdown and PDF files in the folders that are allowed.

Each call first brings an index up to date as far as its time goes (`indexing`), and says so
when there is more to do. The index is a file of localai's own (`own_files`); the notes are
only read, and never in the app's process.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from localai.errors import StoreDamaged, StoreError, ToolError
from localai.tools.allowed import Allowed, present
from localai.tools.builtin import asked, passages
from localai.tools.builtin.files import MOST_BYTES
from localai.tools.tool import tool

if TYPE_CHECKING:
    from localai.store.notes import Found, Key, Notes
    from localai.tools.builtin.indexing import State
    from localai.tools.builtin.listing import Listing

MOST_CHARACTERS = 16_000
SHOWN = 600
GB = 1 << 30


@tool(effects=("reads",), needs="folders", own_files=2 * GB)
def search_notes(query: str, limit: int = 5) -> str:
    """Search the user's own notes and documents for words, and get the passages that fit best.

    Args:
        query: a few words that the passage should hold, such as passport renewal.
        limit: how many passages at most.
    """
    limit = asked.checked(query, limit)
    # Imported here: the app lists the tools without their code's needs.
    from localai import paths
    from localai.store.notes import Notes

    here = present()
    if not here.data:
        raise ToolError("search_notes was not told where the index of the notes is kept.")
    try:
        with closing(Notes(paths.notes_index(Path(here.data)))) as notes:
            try:
                return _answer(notes, here, query, limit)
            except StoreDamaged:
                notes.discard()
                return _answer(notes, here, query, limit)
    except StoreError as error:
        raise ToolError(str(error)) from error


def _answer(notes: Notes, here: Allowed, query: str, limit: int) -> str:
    from localai.tools.builtin import indexing, listing

    has_time = indexing.budget()
    found = listing.listed(here.folders)
    state = indexing.update(notes, found, has_time)
    closed = set(map(os.fsencode, found.closed))
    # What could not be taken out of the index in time is not shown either.
    hits = notes.search(query, limit, lambda key: key in found.files or key[0] in closed)
    told = asked.fitting((_told(hit, here.folders) for hit in hits), MOST_CHARACTERS)
    results = list(told) or [f"Nothing found in {_files(state.done)}."]
    remarks = " ".join(_remarks(found, state))
    return "\n\n".join([*results, f"[{remarks}]"] if remarks else results)


def _told(hit: Found, folders: tuple[str, ...]) -> str:
    """One passage: the file, where in it, and the text around what matched."""
    lines_before, text = passages.window(hit.pieces, SHOWN)
    is_page = hit.file[1].lower().endswith(b".pdf")
    where = f"page {hit.place}" if is_page else f"line {hit.place + lines_before}"
    return f"{_path(hit.file, folders)}, {where}:\n{text}"


def _path(key: Key, folders: tuple[str, ...]) -> str:
    """The file's path, from its folder's name on; whole where two folders have that name."""
    folder, path = map(os.fsdecode, key)
    name = PurePath(folder).name
    alone = Counter(PurePath(one).name for one in folders)[name] == 1
    shown = str(PurePath(name if name and alone else folder, path))
    return shown if shown.isprintable() else json.dumps(shown)


def _remarks(found: Listing, state: State) -> Iterator[str]:
    """What the results do not tell of how complete they are."""
    if state.problem:
        yield f"Only {state.done:,} of {_files(state.files)} could be searched. {state.problem}"
    elif state.done < state.files:
        yield (
            f"Still indexing: {state.done:,} of {_files(state.files)}; "
            "ask again to search the rest, too."
        )
    if state.unreadable:
        yield f"In {_files(state.unreadable)} no text was found."
    if found.large:
        yield f"{_files(found.large)} longer than {MOST_BYTES >> 20} MB left out."
    if found.cut:
        yield "The folders hold more than can be searched; allow smaller ones."
    for folder in found.closed:
        yield f"The allowed folder {asked.line(folder)} cannot be opened."


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
