"""Which files count as notes, and that the walk stays where it may be."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from localai.tools.builtin import listing
from localai.tools.builtin.listing import listed
from tests.tools.paths import SECRET, Tree, tree


@pytest.fixture
def place(tmp_path: Path) -> Tree:
    """A folder full of links out of it, to a folder that holds notes, too."""
    made = tree(tmp_path)
    (made.outside / "secret.md").write_text(SECRET)
    (made.root / "link.md").symlink_to(made.outside / "secret.md")
    return made


def names(*folders: Path) -> list[str]:
    """The paths inside the folders, in order."""
    return [os.fsdecode(path) for _, path in listed(tuple(map(str, folders))).files]


def test_notes_are_text_markdown_and_pdf_files(place: Tree) -> None:
    for name in ("a.txt", "b.MD", "deep/c.pdf", "deep/er/d.markdown", "e.py", "f", ".g.md"):
        (place.root / name).write_text("x")
    (place.root / ".hidden").mkdir()
    (place.root / ".hidden" / "h.md").write_text("x")
    (place.root / "folder.md").mkdir()
    os.mkfifo(place.root / "fifo.md")
    assert names(place.root) == ["a.txt", "b.MD", "deep/c.pdf", "deep/er/d.markdown"]
    assert listed((str(place.root),)).files[os.fsencode(place.root), b"a.txt"][0] == 1


def test_no_link_is_followed_out_or_in(place: Tree) -> None:
    assert names(place.root) == []
    (place.root / "deep" / "in.md").write_text("x")
    assert names(place.root) == ["deep/in.md"]


def test_the_folder_itself_may_be_a_link(place: Tree, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(place.outside)
    assert names(tmp_path / "short") == ["secret.md"]


def test_a_folder_inside_another_is_walked_once(place: Tree) -> None:
    (place.root / "deep" / "in.md").write_text("x")
    assert names(place.root, place.root / "deep") == ["deep/in.md"]
    assert names(place.root / "deep", place.root) == ["in.md"]


def test_names_may_hold_anything(tmp_path: Path) -> None:
    strange = b"a\n\x1b]0;x\x07\xff.md" if sys.platform == "linux" else b"a\n\x1b]0;x\x07.md"
    (tmp_path / os.fsdecode(strange)).write_text("x")
    assert [path for _, path in listed((str(tmp_path),)).files] == [strange]


def test_everything_has_a_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "/".join(["d"] * 40)
    deep.mkdir(parents=True)
    (deep / "too-deep.md").write_text("x")
    for number in range(4):
        (tmp_path / f"{number}.md").write_text("x" * 10)
    assert (names(tmp_path), listed((str(tmp_path),)).cut) == (
        ["0.md", "1.md", "2.md", "3.md"],
        True,
    )
    monkeypatch.setattr(listing, "MOST_FILES", 3)
    assert names(tmp_path) == ["0.md", "1.md", "2.md"]
    monkeypatch.setattr(listing, "MOST_TOTAL_BYTES", 25)
    assert names(tmp_path) == ["0.md", "1.md"]
    monkeypatch.setattr(listing, "MOST_ENTRIES", 1)
    found = listed((str(tmp_path),))
    assert (len(found.files) <= 1, found.cut) == (True, True)
    monkeypatch.setattr(listing, "MOST_BYTES", 9)
    monkeypatch.setattr(listing, "MOST_ENTRIES", 100)
    found = listed((str(tmp_path),))
    assert (found.files, found.large) == ({}, 4)


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    assert listed((str(tmp_path / "gone"), str(tmp_path))).closed == [str(tmp_path / "gone")]
