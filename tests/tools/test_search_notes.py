"""Searching notes: what is found where, what changes, and what strange files do."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from localai.errors import ToolError
from localai.store.notes import Notes
from localai.tools import sandbox
from localai.tools.allowed import Allowed, give
from localai.tools.builtin import beneath, indexing, passages, pdf
from localai.tools.builtin.files import read_file
from localai.tools.builtin.notes import search_notes
from localai.tools.builtin.pdf import Pages
from localai.tools.outcome import Ok, Outcome
from tests.tools.pdfs import written


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path, home: Path) -> Iterator[Path]:
    """An empty folder that may be read."""
    made = tmp_path / "notes"
    made.mkdir()
    give(Allowed((str(made),), data=str(home)))
    yield made
    give(Allowed())


def ask(query: str, limit: int = 5) -> str:
    """What the tool returns."""
    result = search_notes.function(query, limit)
    assert isinstance(result, str)
    return result


def settled(path: Path, data: bytes, time: int = 10**18) -> None:
    """Write a file that was changed long ago."""
    path.write_bytes(data)
    os.utime(path, ns=(time, time))


def call(folder: Path, home: Path, query: str) -> Outcome:
    """One call in a process of its own."""
    return sandbox.run(
        search_notes, {"query": query}, allowed=Allowed((str(folder),), data=str(home))
    )


def indexed(home: Path) -> list[str]:
    """The paths in the index."""
    with closing(Notes(home / "notes.db")) as notes:
        return sorted(os.fsdecode(path) for _, path in notes.known())


def test_a_passage_is_told_with_its_file_and_line(folder: Path, home: Path) -> None:
    (folder / "trips").mkdir()
    (folder / "trips" / "lisbon.md").write_text("# Lisbon\n\nThe night train\nleaves at nine.\n")
    outcome = call(folder, home, "night train")
    assert isinstance(outcome, Ok)
    told = "notes/trips/lisbon.md, line 1:\n# Lisbon\n\nThe night train\nleaves at nine."
    assert outcome.text == told
    assert ask("lisbon") == told
    assert ask("zebra") == "Nothing found in 1 file."
    assert str(read_file.function("notes/trips/lisbon.md", 3, 1)).startswith("The night train\n")


def test_a_long_passage_is_shown_where_it_matches(folder: Path) -> None:
    (folder / "long.txt").write_text("some words\n" * 500 + "the needle\n" + "some words\n" * 500)
    told = ask("needle")
    where, _, text = told.partition(":\n")
    line = int(where.removeprefix("notes/long.txt, line "))
    lines = (folder / "long.txt").read_text().split("\n")
    assert text.removeprefix("…").split("\n")[0] == lines[line - 1]
    assert "the needle" in text
    assert len(text) < 620


def test_a_pdf_is_told_with_its_page(folder: Path, home: Path) -> None:
    (folder / "paper.pdf").write_bytes(written(["First page", "The zebra page"]))
    assert call(folder, home, "zebra").text == "notes/paper.pdf, page 2:\nThe zebra page"


def test_changes_renames_and_deletions_are_seen(folder: Path, home: Path) -> None:
    one, two = folder / "one.md", folder / "two.md"
    one.write_text("apples")
    two.write_text("pears!")
    assert ask("apples") == "notes/one.md, line 1:\napples"
    one.write_text("grapes")  # as long, and perhaps in the same instant
    assert ask("apples") == "Nothing found in 2 files."
    assert ask("grapes") == "notes/one.md, line 1:\ngrapes"
    two.rename(folder / "three.md")
    assert ask("pears") == "notes/three.md, line 1:\npears!"
    one.unlink()
    assert ask("grapes") == "Nothing found in 1 file."
    assert indexed(home) == ["three.md"]


def test_a_file_is_read_again_only_when_it_may_have_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "one.md"
    settled(file, b"apples")
    ask("apples")
    monkeypatch.setattr(beneath, "open_file", None)
    assert ask("apples") == "notes/one.md, line 1:\napples"
    monkeypatch.undo()
    monkeypatch.setattr(passages, "split", None)
    settled(file, b"apples", 10**18 + 1)  # another time, the same content
    assert ask("apples") == "notes/one.md, line 1:\napples"


def test_what_is_no_longer_allowed_is_neither_shown_nor_kept(folder: Path, home: Path) -> None:
    (folder / "secret.md").write_text("apples")
    other = folder.parent / "other"
    other.mkdir()
    ask("apples")
    give(Allowed((str(other),), data=str(home)))
    assert ask("apples") == "Nothing found in 0 files."
    assert indexed(home) == []


def test_a_folder_that_cannot_be_opened_now_is_kept(folder: Path, home: Path) -> None:
    (folder / "one.md").write_text("apples")
    ask("apples")
    folder.rename(folder.parent / "away")
    assert ask("apples") == (
        f"notes/one.md, line 1:\napples\n\n[The allowed folder {folder} cannot be opened.]"
    )


def test_two_folders_of_one_name_are_told_apart(folder: Path, home: Path) -> None:
    twin = folder.parent / "more" / "notes"
    twin.mkdir(parents=True)
    for each in (folder, twin):
        (each / "one.md").write_text("apples")
    give(Allowed((str(folder), str(twin)), data=str(home)))
    told = ask("apples")
    assert f"{folder}/one.md, line 1:" in told
    assert f"{twin}/one.md, line 1:" in told


def test_nothing_outside_is_found(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("apples")
    (folder / "file.md").symlink_to("../outside/secret.md")
    (folder / "sub").symlink_to("../outside")
    assert ask("apples") == "Nothing found in 0 files."


def test_a_hostile_name_stays_on_its_line(folder: Path) -> None:
    odd = "\udcff" if sys.platform == "linux" else ""  # macOS has names in Unicode only
    name = f"a\nline 1:\x1b]0;title\x07\u202e{odd}.md"
    (folder / name).write_text("apples")
    told = ask("apples")
    assert told.endswith('.md", line 1:\napples')
    assert told.count("\n") == 1
    assert told.replace("\n", "").isprintable()
    assert json.loads(told.removesuffix(", line 1:\napples")) == f"notes/{name}"


def test_files_that_hold_no_text_are_counted_and_not_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "binary.txt").write_bytes(b"apples\0")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4\nnonsense")
    (folder / "latin.txt").write_bytes("caf\u00e9 apples".encode("latin-1"))
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(17 << 20)
    for path in folder.iterdir():
        os.utime(path, ns=(10**18, 10**18))
    remarks = "[In 2 files no text was found. 1 file longer than 16 MB left out.]"
    assert ask("apples") == f"notes/latin.txt, line 1:\ncaf\ufffd apples\n\n{remarks}"
    monkeypatch.setattr(pdf, "read", None)
    assert ask("pears") == f"Nothing found in 3 files.\n\n{remarks}"


def test_a_slow_pdf_goes_on_where_it_was_and_is_given_up_when_no_page_comes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(folder / "a.pdf", b"%PDF-1.4")
    settled(folder / "b.md", b"apples")
    asked_for = []

    def slow(descriptor: int, first: int, seconds: float) -> Pages:
        asked_for.append(first)
        return Pages(((first, "apples"),) if first < 3 else (), False)

    monkeypatch.setattr(pdf, "read", slow)
    monkeypatch.setattr(indexing, "budget", lambda: lambda: False)
    still = "[Still indexing: 1 of 2 files; ask again to search the rest, too.]"
    assert ask("apples") == f"notes/b.md, line 1:\napples\n\n{still}"
    told = ask("apples")
    assert "notes/a.pdf, page 1:" in told
    assert told.endswith(still)
    assert ask("apples").endswith(still)
    for _ in range(2):
        told = ask("apples")
        assert "notes/a.pdf, page 2:" in told
        assert "[" not in told
    assert asked_for == [1, 2, 3]


def test_a_first_index_goes_on_from_call_to_call(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        settled(folder / f"{number}.md", b"apples %d" % number)
    settled(folder / "long.txt", b"pears " * 1000)
    monkeypatch.setattr(indexing, "budget", lambda: lambda: False)
    monkeypatch.setattr(indexing, "MOST_PASSAGES", 2)
    remarks = [ask("plums").rpartition("[")[2] for _ in range(6)]
    asked_again = "files; ask again to search the rest, too.]"
    assert remarks[:4] == [f"Still indexing: {done} of 4 {asked_again}" for done in (1, 2, 3, 3)]
    assert ask("plums") == "Nothing found in 4 files."
    with closing(Notes(home / "notes.db")) as notes:
        assert len(notes.search("pears", 99, lambda key: True)) == 4


def test_a_damaged_index_is_made_again(folder: Path, home: Path) -> None:
    for number in range(40):
        (folder / f"{number}.md").write_text("apples " * 200)
    ask("apples")
    file = home / "notes.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + b"\xaa" * (len(whole) - 8192))
    assert "line 1:\napples apples" in ask("apples")
    assert len(indexed(home)) == 40


def test_an_index_that_can_grow_no_more_still_answers(folder: Path, home: Path) -> None:
    (folder / "a.md").write_text("apples")
    for number in range(3):
        (folder / f"{number}.md").write_text("".join(f"word{at} " for at in range(60_000)))
    allowed = Allowed((str(folder),), data=str(home))
    small = replace(search_notes, own_files=600 << 10)
    outcome = sandbox.run(small, {"query": "apples"}, allowed=allowed)
    assert isinstance(outcome, Ok)
    assert outcome.text.startswith("notes/a.md, line 1:\napples\n\n[Only ")
    assert " of 4 files could be searched. The " in outcome.text
    assert call(folder, home, "apples").text == "notes/a.md, line 1:\napples"
    assert len(indexed(home)) == 4


def test_calls_at_the_same_time_do_not_disturb_each_other(folder: Path, home: Path) -> None:
    for number in range(60):
        (folder / f"{number}.md").write_text(f"apples {number} " * 100)
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(call(folder, home, "apples 7")))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(outcome) for outcome in outcomes] == [Ok] * 3
    assert all("notes/7.md, line 1:" in outcome.text for outcome in outcomes)
    with closing(Notes(home / "notes.db")) as notes:
        assert len(notes.known()) == 60
        assert len(notes.search("apples", 99, lambda key: True)) == 60
        with notes._database.read() as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_what_cannot_be_answered_is_a_sentence(folder: Path, home: Path) -> None:
    with pytest.raises(ToolError, match="query must hold a word"):
        ask('"(')
    with pytest.raises(ToolError, match="limit must be 1 or more"):
        ask("apples", 0)
    home.write_text("in the way")
    assert "cannot be created" in call(folder, home, "apples").text
    give(Allowed((str(folder),)))
    with pytest.raises(ToolError, match="was not told where"):
        ask("apples")
