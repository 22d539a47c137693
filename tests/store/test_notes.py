"""The index of the notes: what is kept, found and forgotten, and that nothing breaks it."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.errors import StoreDamaged, StoreError
from localai.store import notes_files
from localai.store.driver import sqlite
from localai.store.notes import Found, Key, NoteFile, Notes, Passage

ONE: Key = (b"/notes", b"one.md")
TWO: Key = (b"/notes", b"\xff\n.md")
FILE = NoteFile(10, 5, "ab")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "notes.db"


@pytest.fixture
def notes(file: Path) -> Iterator[Notes]:
    with closing(Notes(file)) as opened:
        yield opened


def found(notes: Notes, query: str, limit: int = 9) -> list[tuple[Key, int]]:
    """Where the query is found."""
    return [(hit.file, hit.place) for hit in notes.search(query, limit, lambda key: True)]


def places(notes: Notes, query: str) -> set[int]:
    """Where in the files, in no order."""
    return {place for _, place in found(notes, query)}


def test_what_is_put_in_is_known_and_found(notes: Notes) -> None:
    notes.replace(ONE, FILE, "one", [Passage(1, "The night train"), Passage(7, "to Lisbon")])
    notes.replace(TWO, NoteFile(3, -1, "", 4, False), "two", [])
    assert notes.known() == {ONE: FILE, TWO: NoteFile(3, -1, "", 4, False)}
    assert notes.search("lisbon", 9, lambda key: True) == (
        Found(ONE, 7, (("to ", False), ("Lisbon", True))),
    )
    assert places(notes, "train lisbon") == {1, 7}
    assert len(found(notes, "train lisbon", 1)) == 1
    assert places(notes, "one") == {1, 7}  # by its name


def test_all_words_come_before_some_and_only_what_is_kept_counts(notes: Notes) -> None:
    notes.replace(ONE, FILE, "", [Passage(1, "rye rye rye rye"), Passage(2, "rye and oats, long")])
    notes.replace(TWO, FILE, "", [Passage(1, "oats")])
    assert found(notes, "oats rye")[0] == (ONE, 2)
    assert len(found(notes, "oats rye")) == 3
    assert [hit.file for hit in notes.search("oats rye", 1, lambda key: key == TWO)] == [TWO]


def test_a_file_is_replaced_extended_and_removed(notes: Notes) -> None:
    begun = NoteFile(10, 5, "ab", 2)
    notes.replace(ONE, NoteFile(1, 1, "old"), "", [Passage(1, "old")])
    notes.replace(ONE, begun, "", [Passage(1, "first")])
    notes.replace(ONE, begun, "", [Passage(1, "first, by somebody slower")])
    assert found(notes, "old") == []
    notes.extend(ONE, begun, FILE, "", [Passage(2, "second")])
    notes.extend(ONE, begun, FILE, "", [Passage(2, "second")])  # somebody else was slower
    assert sorted(found(notes, "first second")) == [(ONE, 1), (ONE, 2)]
    assert found(notes, "slower") == []
    assert notes.known() == {ONE: FILE}
    notes.remove(ONE)
    assert found(notes, "first second") == []
    assert notes.known() == {}


@pytest.mark.parametrize(
    "query", ['"', "*", "NEAR(", "name:x", "(", "-", "^", "'", "{", "x " * 9999]
)
def test_signs_find_nothing_and_break_nothing(notes: Notes, query: str) -> None:
    notes.replace(ONE, FILE, "", [Passage(1, "something else")])
    assert found(notes, query) == []


def test_nothing_that_is_asked_is_syntax(notes: Notes) -> None:
    notes.replace(ONE, FILE, "", [Passage(1, "a AND b NEAR(c) text:x")])

    @given(st.text(st.characters(codec="utf-8"), max_size=40))
    def asks(query: str) -> None:
        notes.search(query, 5, lambda key: True)

    asks()


def test_nothing_of_what_was_taken_out_is_left_in_the_file(file: Path) -> None:
    """It is opened anew, as by a call: the words are on disk before they are taken out."""
    with closing(Notes(file)) as notes:
        notes.replace(ONE, FILE, "passport", [Passage(1, "canaryword")])
        notes.replace(TWO, FILE, "", [Passage(1, "something else")])
    assert b"canaryword" in file.read_bytes()
    with closing(Notes(file)) as notes:
        notes.remove(ONE)
        assert found(notes, "else") == [(TWO, 1)]
    left = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert b"canaryw" not in left
    assert b"passport" not in left


def test_an_index_that_is_erased_begins_anew(file: Path) -> None:
    notes_files.erase(file)
    assert not file.parent.exists()
    with closing(Notes(file)) as notes:
        notes.replace(ONE, FILE, "", [Passage(1, "canary")])
        notes_files.erase(file)  # not while somebody uses it
        assert found(notes, "canary") == [(ONE, 1)]
    file.with_name("notes.db-wal").write_bytes(b"left behind")
    notes_files.erase(file)
    assert [path.name for path in file.parent.iterdir()] == ["notes.db.lock"]
    with closing(Notes(file)) as notes:
        assert notes.known() == {}
    file.unlink()
    file.mkdir()
    notes_files.erase(file)
    assert file.is_dir()


def test_its_files_are_private(notes: Notes, file: Path) -> None:
    notes.replace(ONE, FILE, "", [Passage(1, "x")])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    names = ("notes.db", "notes.db-shm", "notes.db-wal", "notes.db.lock")
    assert modes == dict.fromkeys(names, 0o600)


@pytest.mark.parametrize(
    "content", [b"no database at all " * 400, b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_a_file_that_is_no_index_is_thrown_away(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with closing(Notes(file)) as notes:
        assert notes.known() == {}
        notes.replace(ONE, FILE, "", [Passage(1, "new")])
    with closing(Notes(file)) as notes:
        assert found(notes, "new") == [(ONE, 1)]


def test_an_index_of_another_version_is_thrown_away(file: Path) -> None:
    with closing(Notes(file)) as notes:
        notes.replace(ONE, FILE, "", [])
    connection = sqlite.connect(str(file))
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with closing(Notes(file)) as notes:
        assert notes.known() == {}


def test_damage_shows_and_discarding_helps(file: Path) -> None:
    with closing(Notes(file)) as notes:
        for number in range(50):
            notes.replace((b"/notes", b"%d" % number), FILE, "", [Passage(1, "word " * 300)])
    whole = bytearray(file.read_bytes())
    whole[8192:] = b"\xaa" * (len(whole) - 8192)
    file.write_bytes(whole)
    with closing(Notes(file)) as notes:
        with pytest.raises(StoreDamaged, match="The index of the notes in "):
            notes.search("word", 5, lambda key: True)
        notes.discard()
        assert notes.known() == {}
        notes.replace(ONE, FILE, "", [Passage(1, "word")])
        assert found(notes, "word") == [(ONE, 1)]


def test_what_one_has_thrown_away_another_does_not_throw_away_again(file: Path) -> None:
    with closing(Notes(file)) as first, closing(Notes(file)) as second:
        thread = threading.Thread(target=first.discard)  # waits for the second one
        thread.start()
        second.discard()
        thread.join()
        second.replace(ONE, FILE, "", [])
        assert first.known() == second.known() == {ONE: FILE}
    assert file.with_name("notes.db.lock").stat().st_size == 1


def test_a_folder_in_its_place_is_refused_in_a_sentence(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(StoreError, match="is a folder, not the index of the notes; move it away"):
        Notes(file)
    file.rmdir()
    file.with_name("notes.db.lock").mkdir()
    with pytest.raises(StoreError, match=r"notes\.db\.lock cannot be opened \(Is a directory\)"):
        Notes(file)
