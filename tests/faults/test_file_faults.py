"""Reading files at length: hostile paths and races, each through a process of its own."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from localai.tools import sandbox
from localai.tools.allowed import Allowed
from localai.tools.builtin.files import read_file
from localai.tools.outcome import Failed, Ok, Outcome
from tests.tools.paths import INSIDE, SECRET, Tree, paths, tree
from tests.tools.swaps import PATHS, swapping
from tests.tools.test_beneath import Open, both, race

SENTENCES = ("There is no file", "leads out of", "cannot be read", "is a folder", "no ordinary")


@pytest.fixture
def place(tmp_path: Path) -> Tree:
    return tree(tmp_path)


def read(place: Tree, path: str) -> Outcome:
    """One call; it gave what is inside, or a sentence that we know."""
    outcome = sandbox.run(read_file, {"path": path}, allowed=Allowed((str(place.root),)))
    if isinstance(outcome, Ok):
        assert outcome.text == INSIDE, path
    else:
        assert isinstance(outcome, Failed), outcome
        assert any(sentence in outcome.text for sentence in SENTENCES), outcome.text
    return outcome


@pytest.mark.faults
def test_500_hostile_paths(place: Tree) -> None:
    outcomes = [read(place, path) for path in paths(place, 500)]
    read_ones = sum(isinstance(outcome, Ok) for outcome in outcomes)
    print(f"\n500 paths: {read_ones} inside, {500 - read_ones} refused, 0 escapes")


@pytest.mark.faults
@pytest.mark.parametrize("kind", list(PATHS))
def test_500_calls_while_folders_are_swapped(place: Tree, kind: str) -> None:
    with swapping(kind, place):
        outcomes = [read(place, PATHS[kind][at % len(PATHS[kind])]) for at in range(500)]
    read_ones = sum(isinstance(outcome, Ok) for outcome in outcomes)
    print(f"\n500 calls, {kind}: {read_ones} inside, {500 - read_ones} refused, 0 escapes")


@pytest.mark.faults
@both
@pytest.mark.parametrize("kind", list(PATHS))
def test_50_000_openings_while_folders_are_swapped(way: Open, place: Tree, kind: str) -> None:
    with swapping(kind, place):
        counts = race(way, place, kind, 50_000)
    print(f"\n50,000 openings, {kind}, {way.__name__}: {counts}")
    assert counts.keys() <= {INSIDE, "EXDEV", "ENOENT", "ENOTDIR", "ELOOP", "EAGAIN"}
    assert counts[INSIDE]
    assert sum(counts.values()) > counts[INSIDE]


def checked_first(folder: str, path: str) -> int:
    """How it must not be done: looked at, then opened."""
    whole = Path(folder, path)
    if not whole.resolve().is_relative_to(folder):
        raise OSError(errno.EXDEV, path)
    return os.open(whole, os.O_RDONLY)


def with_real_dots(folder: str, path: str) -> int:
    """How it must not be done either: no link is followed, but ".." is taken where it leads."""
    at = os.open(folder, os.O_RDONLY)
    for name in path.split("/"):
        try:
            found = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=at)
        finally:
            os.close(at)
        at = found
    return at


@pytest.mark.faults
@pytest.mark.parametrize(("kind", "way"), [("link", checked_first), ("move", with_real_dots)])
def test_a_wrong_way_loses_these_races(place: Tree, kind: str, way: Open) -> None:
    with swapping(kind, place):
        assert SECRET in race(way, place, kind, 50_000)
