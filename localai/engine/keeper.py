"""When the cache of a conversation is saved to disk, and when it is read back.

It is saved while nothing else waits, when it is long enough and has grown by a share since
it was saved last; it is read back when a prompt would otherwise be read for much longer.
Nothing that goes wrong here is the user's to know: the prompt is read as ever.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from localai.engine import kept, llama_state
from localai.engine.llama import Llama
from localai.engine.prefix import Line
from localai.errors import StoreError
from localai.kv_folder import KvFolder

LEAST = 512
"""Tokens from which on a prompt is worth a file."""
GAIN = 256
"""Tokens that must not have to be read, for a file to be read instead."""
GROWN, GROWN_LAST = 0.25, 0.05
"""Share of new tokens for another file; the second one holds when no other moment comes."""
FREE = 1_000_000_000
"""Bytes that stay free on the disk."""
OF_NO_CONSEQUENCE = {
    "path", "n_ctx", "n_threads", "n_batch", "template", "adapter",
    "kv_folder", "kv_disk", "n_outputs", "room",
}  # fmt: skip
"""Options that change no key and no value, or are in the key of a file by other means."""

log = logging.getLogger(__name__)


class Keeper:
    """Saves and loads the lines of one context. Without a folder in the options it does
    nothing; with no budget it erases what the folder holds."""

    def __init__(self, llama: Llama, template: str) -> None:
        """`template` is the chat template in force."""
        options = llama.options
        self._llama, self._budget = llama, options.kv_disk
        self._whole_only = llama_state.whole_only(llama)
        self._folder = KvFolder(Path(options.kv_folder))
        self._on = False
        self._context, self._epoch = b"", ""
        try:
            if options.kv_folder and options.kv_disk:
                self._folder.make()
                self._folder.trim(self._budget)
                self._context = _context(llama, template)
                self._epoch = self._folder.epoch
                self._on = True
            elif options.kv_folder:
                self._folder.erase()
        except (OSError, StoreError) as error:
            log.warning("saved caches: %s", error)

    def outdated(self) -> bool:
        """Whether something was forgotten since this was asked last: what is in the cache may
        be that."""
        if not self._on:
            return False
        before, self._epoch = self._epoch, self._folder.epoch
        return before != self._epoch

    def restore(self, line: Line, ids: Sequence[int]) -> None:
        """Bring the line to a state that serves the prompt `ids` better, if there is one."""
        llama = self._llama
        used = line.usable(ids, llama.adapter_key, partial=llama.partial, most=len(ids) - 1)
        if not self._on or len(ids) - used <= GAIN:
            return
        try:
            best = self._shelf.best(ids, partial=not self._whole_only, room=llama.n_ctx)
            if best and best.shared - used >= GAIN and 2 * best.shared >= len(best.ids):
                self._load(line, best)
        except OSError as error:
            log.warning("saved caches: %s", error)

    def save(self, line: Line, waiting: Callable[[], bool], *, last: bool = False) -> None:
        """Save the line, unless that is not worth it or somebody is `waiting`. `last`: no
        other moment will come."""
        ids = list(line.ids)
        if not self._on or len(ids) < LEAST or line.key != self._llama.adapter_key or waiting():
            return
        try:
            saved = self._shelf.all(ids)
            held = max((each.shared for each in saved), default=0)
            if len(ids) - held >= (GROWN_LAST if last else GROWN) * len(ids):
                self._write(line.sequence, ids, kept.superseded(saved, ids), waiting)
        except (OSError, kept.Broken) as error:
            log.warning("saved caches: %s", error)

    @property
    def _key(self) -> bytes:
        return hashlib.sha256(self._context + self._llama.adapter_key.encode()).digest()

    @property
    def _shelf(self) -> kept.Shelf:
        return kept.Shelf(self._folder, self._key)

    def _load(self, line: Line, best: kept.Candidate) -> None:
        """Read a file into the line. What cannot be read is removed, and the line empty."""
        llama = self._llama
        llama.forget(line.sequence, 0)
        line.cut(0, llama.adapter_key)
        try:
            kept.check(best.path, self._key)
            ids = llama_state.load(llama, line.sequence, best.path, len(best.ids))
        except kept.Broken:
            ids = []
        if ids != list(best.ids):
            llama.forget(line.sequence, 0)
            best.path.unlink(missing_ok=True)
            return
        line.ids.extend(ids)
        os.utime(best.path)

    def _write(
        self, sequence: int, ids: list[int], gone: list[Path], waiting: Callable[[], bool]
    ) -> None:
        """Write a file, and remove those that it makes of no use."""
        size = llama_state.size(self._llama, sequence)
        if size > self._budget or shutil.disk_usage(self._folder.path).free < size + FREE:
            return
        name = kept.name(self._key, ids)
        partial = self._folder.begin(name)
        try:
            if (
                llama_state.save(self._llama, sequence, ids, partial)
                and kept.seal(partial, self._key, waiting)
                and self._folder.finish(partial, name, self._epoch)
            ):
                for path in gone:
                    path.unlink(missing_ok=True)
                self._folder.trim(self._budget)
        finally:
            partial.unlink(missing_ok=True)


def _context(llama: Llama, template: str) -> bytes:
    """What the values of a cache depend on, the adapter left out: the model's file, how it
    was loaded, who computes, and the prompt's form."""
    file = Path(llama.options.path).resolve()
    about = file.stat()
    options = msgspec.structs.asdict(llama.options)
    facts = (
        str(file),
        about.st_size,
        about.st_mtime_ns,
        {name: value for name, value in options.items() if name not in OF_NO_CONSEQUENCE},
        _beyond_training(llama),
        llama.tokenizer.vocab_hash,
        template,
        llama_state.BUILD,
    )
    return msgspec.json.encode(facts)


def _beyond_training(llama: Llama) -> bool:
    """Whether the window is longer than the model's first training: some (LongRoPE) then turn
    positions in another way, so that the window is part of what was computed."""
    architecture = llama.metadata.get("general.architecture", "")
    names = ("rope.scaling.original_context_length", "context_length")
    found = (llama.metadata.get(f"{architecture}.{name}", "") for name in names)
    trained = next((int(value) for value in found if value.isdecimal()), 0)
    return bool(trained) and llama.n_ctx > trained
