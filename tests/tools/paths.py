"""A folder with a secret beside it, and paths that want to get at the secret."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
from dataclasses import dataclass
from pathlib import Path

INSIDE = "inside"
SECRET = "the secret"


@dataclass(frozen=True)
class Tree:
    """`root` may be read; `outside`, a folder beside it, may not."""

    root: Path
    outside: Path

    def inodes(self) -> set[tuple[int, int]]:
        """Device and inode of everything in the root, itself included."""
        below = [self.root]
        for folder, folders, files in os.walk(self.root):
            below += [Path(folder, name) for name in (*folders, *files)]
        return {(s.st_dev, s.st_ino) for s in (path.lstat() for path in below)}


def tree(at: Path) -> Tree:
    """Make it, with every kind of link and special file in the root."""
    root, outside = at / "allowed", at / "outside"
    (root / "deep" / "er").mkdir(parents=True)
    (outside / "deep").mkdir(parents=True)
    for folder, text in ((root, INSIDE), (root / "deep", INSIDE), (root / "deep" / "er", INSIDE)):
        (folder / "file").write_text(text)
        (folder / "secret").write_text(text)
    for folder in (outside, outside / "deep", at):
        (folder / "secret").write_text(SECRET)
    for name, target in _links(at).items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(root):
        listener.bind("socket")  # the whole path may be too long for one
    return Tree(root, outside)


def _links(at: Path) -> dict[str, str]:
    return {
        "to-file": "deep/file",
        "to-folder": "deep",
        "to-out-file": "../outside/secret",
        "to-out-folder": "../outside",
        "to-out-whole": str(at / "outside"),
        "to-inside-whole": str(at / "allowed" / "deep"),
        "to-parent": "..",
        "to-self": "to-self",
        "to-ping": "to-pong",
        "to-pong": "to-ping",
        "to-slash": "/",
        "to-proc-root": "/proc/self/root",
        "to-proc-cwd": "/proc/self/cwd",
        "to-proc-fd": "/proc/self/fd",
        "to-dev": "/dev",
        "to-null": "/dev/null",
        "to-zero": "/dev/zero",
        "to-tty": "/dev/tty",
        "to-fifo": "fifo",
        "to-nothing": "nowhere",
        "to-chain": "to-folder/../to-out-folder",
        "to-back": "deep/../../outside",
        "to-slashes": "..//outside/./secret",
    }


_STARTS = (
    *("", "./", ".//", "deep/", "deep/../", "deep/er/../../", "to-folder/", "to-folder/../"),
    *("../allowed/", "/", "//", "to-parent/", "to-parent/allowed/", "to-out-folder/"),
    *("to-out-whole/", "to-inside-whole/", "to-slash/", "to-self/", "to-ping/", "file/../"),
    *("to-chain/", "to-back/", "to-dev/", "to-proc-root/", "to-proc-fd/"),
)
_ENDS = (
    *("../outside/secret", "../secret", "../../secret", "to-out-file", "to-slashes"),
    *("to-parent/outside/secret", "to-out-folder/secret", "to-out-whole/secret", "deep/secret"),
    *("{outside}/secret", "proc/self/root{outside}/secret", "to-proc-root{outside}/secret"),
    *("secret/", "secret/.", "secret/..", "to-null", "to-zero", "fifo", "to-fifo"),
)
_ODD = (
    *("", ".", "..", "/", "//", "...", "~", "~root", "~/../outside/secret", "\0", "file\0"),
    *("file\0/../../outside/secret", "../outside/secret\0", "\0../outside/secret", "a" * 300),
    *("a/" * 3000 + "file", "../" * 1500 + "etc/passwd", "./" * 2040 + "file", "/" * 5000),
    *("deep/../" * 700 + "../outside/secret", "\ud800", "\udcff/../../outside/secret"),
    *("\uff0e\uff0e/outside/secret", "..\u2215outside\u2215secret", "..\\outside\\secret"),
    *("..%2foutside%2fsecret", "%2e%2e/outside/secret", "file:///etc/passwd", "\u202efile"),
    *("{root}/../outside/secret", "{root}2/../outside/secret", "{root}", "{root}/"),
    *("{root}//../outside/secret", "{root}/to-out-folder/secret", "{root}/./../outside/secret"),
    *("/proc/self/environ", "/proc/self/root{outside}/secret", "/proc/self/cwd/etc/passwd"),
    *("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "/dev/zero", "/dev/tty", "/etc/passwd"),
    *("socket", "fifo", "to-nothing", "to-tty", "to-self", "to-ping", "file/", "file/file"),
    *("$HOME/secret", "`cat ../outside/secret`", "file;cat ../outside/secret", "-", "*"),
    *("to-proc-fd/0", "to-proc-cwd/etc/passwd", "to-dev/fd/0", "\n../outside/secret", " "),
)


def paths(tree: Tree, count: int) -> list[str]:
    """So many hostile paths, the odd ones first."""
    every = (*_ODD, *map("".join, itertools.product(_STARTS, _ENDS)))
    known = {"{root}": str(tree.root), "{outside}": str(tree.outside)}
    made = []
    for path in every[:count]:
        for word, value in known.items():
            path = path.replace(word, value)
        made.append(path)
    assert len(made) == count
    return made
