"""Which files of the user's folders are notes: a walk that cannot leave them.

No link is followed: what one leads to inside a folder is found where it is, and what is
outside is not allowed. Each folder is opened by its name in the one above, which is open
already, so nothing that changes meanwhile leads out. Hidden files and folders are left out,
and everything has a cap, because a user may well allow a home folder. Nothing is read here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from itertools import islice

from localai.store.notes import Key
from localai.tools.builtin.files import MOST_BYTES

KINDS = (".txt", ".md", ".markdown", ".pdf")
MOST_FILES = 20_000
MOST_TOTAL_BYTES = 512 << 20
MOST_ENTRIES = 100_000
MOST_DEPTH = 32

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass
class Listing:
    """What the folders hold.

    `files`: key -> (size in bytes, time of change in ns). `closed`: folders that cannot be
    opened now. `large` files are longer than MOST_BYTES. `cut`: there is more than the caps.
    """

    files: dict[Key, tuple[int, int]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    large: int = 0
    cut: bool = False


def listed(folders: tuple[str, ...]) -> Listing:
    """The notes in the folders; a folder that is inside another is walked once."""
    walk = _Walk()
    for folder in folders:
        try:
            descriptor = os.open(folder, _FOLDER)
        except OSError:
            walk.found.closed.append(folder)
            continue
        try:
            walk.into(descriptor, os.fsencode(folder), b"", 0)
        finally:
            os.close(descriptor)
    return walk.found


class _Walk:
    def __init__(self) -> None:
        self.found = Listing()
        self._seen: set[tuple[int, int]] = set()
        self._entries = MOST_ENTRIES
        self._bytes = MOST_TOTAL_BYTES

    def into(self, descriptor: int, folder: bytes, inside: bytes, depth: int) -> None:
        """Through an open folder and all beneath it."""
        here = os.fstat(descriptor)
        if (here.st_dev, here.st_ino) in self._seen:
            return
        self._seen.add((here.st_dev, here.st_ino))
        for entry in self._names(descriptor):
            path = os.path.join(inside, os.fsencode(entry.name))  # noqa: PTH118 - bytes
            try:
                if entry.is_dir(follow_symlinks=False):
                    self._below(descriptor, entry.name, folder, path, depth + 1)
                elif entry.name.lower().endswith(KINDS) and entry.is_file(follow_symlinks=False):
                    self._file((folder, path), entry.stat(follow_symlinks=False))
            except OSError:
                continue  # gone meanwhile, or not to be opened

    def _names(self, descriptor: int) -> list[os.DirEntry[str]]:
        """What is in the folder, sorted, as far as the cap on all entries goes."""
        with os.scandir(descriptor) as entries:
            names = list(islice(entries, self._entries + 1))
        if len(names) > self._entries:
            self.found.cut = True
            names.pop()
        self._entries -= len(names)
        return sorted(
            (entry for entry in names if not entry.name.startswith(".")),
            key=lambda entry: entry.name,
        )

    def _below(self, above: int, name: str, folder: bytes, path: bytes, depth: int) -> None:
        if depth > MOST_DEPTH:
            self.found.cut = True
            return
        descriptor = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=above)
        try:
            self.into(descriptor, folder, path, depth)
        finally:
            os.close(descriptor)

    def _file(self, key: Key, status: os.stat_result) -> None:
        if status.st_size > MOST_BYTES:
            self.found.large += 1
        elif len(self.found.files) == MOST_FILES or status.st_size > self._bytes:
            self.found.cut = True
        else:
            self._bytes -= status.st_size
            self.found.files[key] = (status.st_size, status.st_mtime_ns)
