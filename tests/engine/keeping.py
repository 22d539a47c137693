"""A rig that saves and restores what it has read, with a start as after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localai.engine.base import LoadOptions
from localai.engine.decoder import Decoder
from localai.engine.keeper import Keeper
from localai.engine.llama import Llama
from localai.kv_folder import KvFolder
from tests.engine.running import Rig


class KeepingRig(Rig):
    """A rig whose cache is saved and restored."""

    def __init__(self, llama: Llama) -> None:
        super().__init__(llama)
        self.keeper = Keeper(llama, "template")
        self.decoder = Decoder(llama, self.keeper.restore)
        self.folder = KvFolder(Path(llama.options.kv_folder))

    def save(self, *, waiting: bool = False, last: bool = True) -> int:
        """Save the line; how many files there are then."""
        self.keeper.save(self.decoder.line, lambda: waiting, last=last)
        return len(self.folder.files())


@contextmanager
def started(options: LoadOptions) -> Iterator[KeepingRig]:
    """A fresh start, with whatever is on the disk."""
    llama = Llama.open(options)
    try:
        yield KeepingRig(llama)
    finally:
        llama.close()
