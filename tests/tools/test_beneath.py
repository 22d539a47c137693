"""Opening beneath a folder, by the kernel and by hand: what is inside opens, nothing else."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localai.tools.builtin import beneath
from tests.tools.paths import INSIDE, Tree, paths, tree
from tests.tools.swaps import PATHS, swapping

Open = Callable[[str, str], int]


def _kernel_can() -> bool:
    try:
        os.close(beneath.by_kernel("/", "."))
    except (OSError, AttributeError):
        return False
    return True


WAYS = [
    pytest.param(
        beneath.by_kernel,
        id="kernel",
        marks=pytest.mark.skipif(not _kernel_can(), reason="the kernel has no openat2"),
    ),
    pytest.param(beneath.by_walk, id="walk"),
]
both = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def place(tmp_path: Path) -> Tree:
    return tree(tmp_path)


def read(way: Open, place: Tree, path: str) -> str:
    """What is read there. Raises OSError."""
    descriptor = way(str(place.root), path)
    try:
        return os.read(descriptor, 100).decode()
    finally:
        os.close(descriptor)


@both
@pytest.mark.parametrize(
    "path",
    [
        *(
            "file",
            "./file",
            "deep/er/file",
            "deep//er/./file",
            "deep/../file",
            "deep/er/../../file",
        ),
        *("to-file", "to-folder/file", "to-folder/er/../../file", "deep/../to-file"),
    ],
)
def test_what_is_inside_opens(way: Open, place: Tree, path: str) -> None:
    assert read(way, place, path) == INSIDE


@both
@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("nowhere", errno.ENOENT),
        ("to-nothing", errno.ENOENT),
        ("", errno.ENOENT),
        ("file\0", errno.ENOENT),
        ("\ud800", errno.ENOENT),
        ("a" * 300, errno.ENAMETOOLONG),
        ("file/", errno.ENOTDIR),
        ("file/file", errno.ENOTDIR),
        ("to-self", errno.ELOOP),
        ("to-ping/file", errno.ELOOP),
        ("..", errno.EXDEV),
        ("../allowed/file", errno.EXDEV),
        ("deep/../../outside/secret", errno.EXDEV),
        ("to-out-file", errno.EXDEV),
        ("to-out-folder/secret", errno.EXDEV),
        ("to-inside-whole/file", errno.EXDEV),
        ("to-chain/secret", errno.EXDEV),
        ("/etc/passwd", errno.EXDEV),
        ("to-proc-root", errno.EXDEV),
    ],
)
def test_everything_else_is_an_error(way: Open, place: Tree, path: str, number: int) -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is looked at
        way(str(place.root), path)
    assert caught.value.errno == number


def inode(way: Open, place: Tree, path: str) -> tuple[int, int] | None:
    """What was opened: its device and inode; None for nothing."""
    try:
        descriptor = way(str(place.root), path)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return status.st_dev, status.st_ino


@both
def test_no_hostile_path_opens_anything_outside(way: Open, place: Tree) -> None:
    inside = place.inodes()
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - a number is enough
    opened = [inode(way, place, path) for path in paths(place, 500)]
    assert set(opened) - {None} <= inside
    assert 10 < sum(each is not None for each in opened) < 100
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208


@pytest.mark.skipif(not _kernel_can(), reason="the kernel has no openat2")
def test_the_walk_opens_what_the_kernel_opens(place: Tree) -> None:
    for path in paths(place, 500):
        if path != ".":  # the walk never opens the folder itself
            walked = inode(beneath.by_walk, place, path)
            assert walked == inode(beneath.by_kernel, place, path), path


def test_a_folder_that_turns_into_a_link_between_two_steps(
    place: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[Any] = []
    really = os.open

    def open_then_swap(path: Any, flags: int, *more: Any, **where: Any) -> int:
        descriptor = really(path, flags, *more, **where)
        if path == "deep":
            (place.root / "deep").rename(place.root / "old")
            (place.root / "deep").symlink_to("../outside/deep")
        steps.append(path)
        return descriptor

    monkeypatch.setattr(os, "open", open_then_swap)
    assert read(beneath.by_walk, place, "deep/secret") == INSIDE
    with pytest.raises(OSError, match=r"(?i)cross-device"):
        beneath.by_walk(str(place.root), "deep/secret")
    assert steps[1:3] == ["deep", "secret"]


def race(way: Open, place: Tree, kind: str, rounds: int) -> dict[str, int]:
    """What so many openings came to while folders were swapped: a text, or no file."""
    counts: dict[str, int] = {}
    for number in range(rounds):
        path = PATHS[kind][number % len(PATHS[kind])]
        try:
            found = read(way, place, path)
        except OSError as error:
            found = errno.errorcode[error.errno or 0]
        counts[found] = counts.get(found, 0) + 1
    return counts


@both
@pytest.mark.parametrize("kind", list(PATHS))
def test_some_races_are_won(way: Open, place: Tree, kind: str) -> None:
    """On one core the two take turns, so that one may sleep through many swaps of the other."""
    found = set[str]()
    with swapping(kind, place):
        for _ in range(50):
            found |= race(way, place, kind, 2000).keys()
            if INSIDE in found:
                break
    assert found <= {INSIDE, "EXDEV", "ENOENT", "ENOTDIR", "ELOOP", "EAGAIN"}
    assert INSIDE in found


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_where_the_kernel_cannot_it_is_walked(
    place: Tree, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(folder: str, path: str) -> int:
        raise OSError(number, os.strerror(number), path)

    monkeypatch.setattr(beneath, "by_kernel", refuse)
    assert read(beneath.open_file, place, "deep/file") == INSIDE
