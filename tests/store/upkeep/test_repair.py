from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from localai.conversation import Message, Text, ToolCall, ToolResult, assistant, user
from localai.errors import StoreError, StoreNewer
from localai.store.backup import back_up
from localai.store.driver import sqlite
from localai.store.store import Store
from localai.store.upkeep import aside, pages
from localai.store.upkeep.repair import repair
from tests.faults import store_canaries, store_damage, store_salvage


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with some pages in its log, as an app that runs leaves it; and, beside it,
    `folded.db` without a log."""
    folder = tmp_path_factory.mktemp("made")
    store_damage.build(folder / "localai.db")
    (folder / "localai.db").rename(folder / "folded.db")
    return folder / "whole.db"


@pytest.fixture(scope="module")
def expected(whole: Path) -> store_salvage.Rows:
    return store_salvage.rows(whole.with_name("folded.db"))


def test_a_slice_of_the_damaged_copies(
    whole: Path, expected: store_salvage.Rows, tmp_path: Path
) -> None:
    tally = store_salvage.tally()
    for seed in range(6):
        store_salvage.repair_one(whole, tmp_path / str(seed), seed, expected, tally)
    assert tally.repaired[0] > 2
    assert tally.share("whole") >= 0.95


def test_a_file_that_lost_its_head_gives_back_everything(
    whole: Path, expected: store_salvage.Rows, tmp_path: Path
) -> None:
    path = tmp_path / "localai.db"
    content = b"\xff" * 4096 + whole.with_name("folded.db").read_bytes()[4096:]
    path.write_bytes(content)
    done = repair(path)
    assert done is not None
    assert store_salvage.rows(path) == expected
    assert done.kept.read_bytes() == content
    assert done.rows["messages"] == len(expected["messages"])


def test_commits_behind_a_broken_frame_of_the_log_come_back(
    whole: Path, expected: store_salvage.Rows, tmp_path: Path
) -> None:
    path, log = tmp_path / "localai.db", tmp_path / "localai.db-wal"
    shutil.copy(whole, path)
    content = bytearray(whole.with_name(f"{whole.name}-wal").read_bytes())
    assert not pages.lost_log(bytes(content))
    assert not pages.lost_log(bytes(content[:-700]))
    content[32 + 24 + 4000] ^= 1
    log.write_bytes(content)
    assert pages.lost_log(bytes(content))
    assert repair(path) is not None
    found = store_salvage.rows(path)
    assert len(found["messages"]) == len(expected["messages"])


def test_a_sound_history_is_left_alone(home: Path, store: Store) -> None:
    store.add_message(store.create_conversation().id, "", user("hello"))
    before = (home / "localai.db").stat()
    assert repair(home / "localai.db") is None
    assert (home / "localai.db").stat() == before
    assert repair(home / "none.db") is None


def test_a_broken_reference_is_mended(home: Path) -> None:
    path = home / "localai.db"
    with Store.open(path) as store:
        tree = store.create_conversation("a").id
        first = store.add_message(tree, "", user("one")).id
        lost = store.add_message(tree, first, user("lost")).id
        last = store.add_message(tree, lost, user("three")).id
    db = sqlite.connect(str(path), isolation_level=None)
    db.execute("DELETE FROM messages WHERE id = ?", (lost,))
    db.execute("DELETE FROM conversations")
    db.execute("INSERT INTO message_text (message_text) VALUES ('rebuild')")
    db.close()
    done = repair(path)
    assert done is not None
    with Store.open(path) as store:
        (found,) = store.conversations()
        assert (found.id, found.title, found.leaf) == (tree, "Recovered", last)
        assert [each.message.text for each in store.path(last)] == ["one", "three"]
        assert len(store.search("three")) == 1


def lose(path: Path, *statements: str) -> None:
    """Let rows go as no program of ours would."""
    db = sqlite.connect(str(path), isolation_level=None)
    for statement in statements:
        db.execute(statement)
    db.execute("INSERT INTO message_text (message_text) VALUES ('rebuild')")
    db.close()


def test_what_cannot_be_read_comes_from_the_newest_sound_backup(home: Path) -> None:
    path, folder = home / "localai.db", home / "backups"
    with Store.open(path) as store:
        tree = store.create_conversation("before").id
        lost = store.add_message(tree, "", user("one")).id
        last = store.add_message(tree, lost, user("zebra")).id
        store.add_correction(store.add_message(tree, last, assistant("It is")).id, "It was")
        made = back_up(store._db.connection, path, "daily")
        sound = made.rename(folder / "localai-daily-20260102T000000Z.db")
        store.rename(tree, "after")
        newest = store.add_message(tree, last, user("not in the backup")).id
    folder.joinpath("localai-daily-20260101T000000Z.db").write_bytes(b"older")
    folder.joinpath("localai-daily-20260103T000000Z.db").write_bytes(sound.read_bytes()[:9_000])
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    lose(path, "DELETE FROM messages WHERE text = 'one'", "DELETE FROM corrections")
    done = repair(path)
    assert done is not None
    assert (done.backup, done.lent, done.rows["messages"]) == (sound, 2, 5)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before
    with Store.open(path) as store:
        (found,) = store.conversations()
        assert (found.title, found.leaf) == ("after", newest)
        texts = [each.message.text for each in store.path(newest)]
        assert texts == ["one", "zebra", "not in the backup"]
        assert len(store.examples(state="pending")) == len(store.search("one")) == 1
    assert list(home.glob("*.partial")) == list(home.glob("*.salvage")) == []


def test_what_was_taken_back_since_the_backup_comes_to_wait_or_out_of_sight(home: Path) -> None:
    path = home / "localai.db"
    with Store.open(path) as store:
        tree = store.create_conversation("kept").id
        asked = store.add_message(tree, "", user("lost")).id
        said = [store.add_message(tree, asked, assistant(text)).id for text in ("a", "b")]
        made = store.add_correction(said[0], "better")
        store.mark(said[1], "good")
        purged = store.create_conversation("purged").id
        leaf = store.add_message(purged, "", user("nobody needs this")).id
        kept = store.write_example((user("Hello"), assistant("Ahoy!")))
        written = store.example(store.write_example((user("Who?"), assistant("A pirate."))))
        back_up(store._db.connection, path, "daily")
        store.withdraw_correction(made.id)
        store.unmark(said[1])
        store.purge(purged)
        store.create_conversation("new")
    lose(
        path,
        "DELETE FROM corrections",
        f"DELETE FROM examples WHERE id = '{written.id}'",
        f"DELETE FROM messages WHERE text = 'lost' OR conversation = '{written.conversation}'",
        f"DELETE FROM conversations WHERE id = '{written.conversation}'",
    )
    assert repair(path) is not None
    with Store.open(path) as store:
        assert {row.title for row in store.conversations()} == {"kept", "new"}
        (hidden,) = store.conversations(deleted=True)
        assert (hidden.id, hidden.title, hidden.leaf) == (purged, "purged", leaf)
        assert [each.id for each in store.examples(state="accepted")] == [kept]
        waiting = {each.source: each.id for each in store.examples(state="pending")}
        assert set(waiting) == {"correction", "written"}
        assert store.corrections() == ()
        for id_ in waiting.values():
            store.judge_example(id_, "accepted")
        assert [each.answer for each in store.corrected()] == ["better"]
        assert store.message(made.chosen).message.learn


def test_what_a_lost_run_measured_is_kept(home: Path) -> None:
    path = home / "localai.db"
    with Store.open(path) as store:
        store.create_conversation()
        ids = [store.begin_run("m", "b", {}).id for _ in range(3)]
        for id_ in ids:
            store.add_metric(id_, 1, {"loss": 1.0})
        made = store.promote(ids[1], base_bytes=1, file="f", sha256="s", verdict={})
    lose(path, "DELETE FROM runs WHERE number < 3")
    assert repair(path) is not None
    with Store.open(path) as store:
        whole, *named = store.runs()
        assert (whole.id, whole.model) == (ids[2], "m")
        assert [(each.id, each.model, each.base) for each in named] == [
            (ids[1], "Recovered", "b"),
            (ids[0], "Recovered", ""),
        ]
        assert {each.state for each in named} == {"interrupted"}
        assert [store.metrics(id_) for id_ in ids] == [((1, {"loss": 1.0}),)] * 3
        assert store.adapters()[0].run == made.run


def test_a_changed_letter_in_why_something_is_learned_is_mended(home: Path) -> None:
    path = home / "localai.db"
    with Store.open(path) as store:
        tree = store.create_conversation("a").id
        asked = store.add_message(tree, "", user("one")).id
        made = store.add_correction(store.add_message(tree, asked, assistant("two")).id, "three")
        store.write_example((user("Hello"), assistant("Ahoy!")))
        kept = store.write_example((user("Who?"), assistant("A pirate.")))
    lose(path, "UPDATE corrections SET reason = '/dited'")
    assert repair(path) is not None
    lose(path, f"UPDATE examples SET state = 'accepte ' WHERE id <> '{kept}'")
    assert repair(path) is not None
    assert repair(path) is None
    with Store.open(path) as store:
        assert store.corrections() == (made,)
        assert {each.id for each in store.examples()} == {made.id, kept}


def test_tools_of_what_is_recovered_are_found(home: Path) -> None:
    path = home / "localai.db"
    with Store.open(path) as store:
        tree = store.create_conversation().id
        call = Message("assistant", (Text("zebra"), ToolCall("1", "weekday", {})))
        called = store.add_message(tree, "", call).id
        store.add_message(tree, called, Message("tool", (ToolResult("1", "Monday"),)))
    lose(path, "DELETE FROM conversations")
    assert repair(path) is not None
    with Store.open(path) as store:
        assert len(store.search("tool:weekday after:today")) == 2


def test_an_open_history_is_not_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "localai.db"
    with Store.open(path) as store:
        for number in range(2):
            tree = store.create_conversation("stays").id
            store.add_message(tree, "", user(f"stays {number}"))
    with (
        store_canaries.open_elsewhere(path),
        pytest.raises(StoreError, match="close it and try again"),
        aside.exclusively(path),
    ):
        pass


def test_a_newer_one_and_a_foreign_one_are_not_repaired(home: Path) -> None:
    path = home / "localai.db"
    Store.open(path).close()
    for statement, error in (
        ("PRAGMA user_version = 99", StoreNewer),
        ("PRAGMA application_id = 7", StoreError),
    ):
        db = sqlite.connect(str(path), isolation_level=None)
        db.execute(statement)
        if error is StoreError:
            db.execute("PRAGMA writable_schema = ON")
            db.execute("DELETE FROM sqlite_schema")
            db.execute("CREATE TABLE recipes (name)")
        db.close()
        before = path.read_bytes()
        with pytest.raises(error):
            repair(path)
        assert path.read_bytes() == before


def test_where_nothing_can_be_read_nothing_is_changed(home: Path) -> None:
    path = home / "localai.db"
    home.mkdir()
    path.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(StoreError, match="Nothing of a history can be read"):
        repair(path)
    assert path.read_bytes() == b"Dear diary, " * 1000
    assert [each.name for each in home.iterdir() if "salvage" in each.name] == []
