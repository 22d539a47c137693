from __future__ import annotations

import errno
import tarfile
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from localai.conversation import Message, ToolCall, ToolResult, assistant, user
from localai.errors import StoreError
from localai.store import backup, connection
from localai.store.rows import Origin
from localai.store.store import Store
from localai.store.upkeep import copies, erasing
from tests.faults import store_canaries, store_forget


def talk(store: Store, *texts: str) -> tuple[str, list[str]]:
    """A conversation of questions and answers in turn; its id and theirs."""
    tree, leaf, ids = store.create_conversation(texts[0]).id, "", list[str]()
    for number, text in enumerate(texts):
        leaf = store.add_message(tree, leaf, (assistant if number % 2 else user)(text)).id
        ids.append(leaf)
    return tree, ids


def test_no_byte_of_20_canaries_is_left_in_the_data_folder(home: Path) -> None:
    store_canaries.check(home, number=20, seed=1)


def test_a_message_goes_with_all_that_followed(store: Store) -> None:
    tree, ids = talk(store, "a", "b", "secret", "d", "e")
    scope = store.scope(messages=(ids[2],))
    assert (scope.messages, scope.conversations) == (tuple(ids[2:]), ())
    store.forget(scope)
    left = store.path(store.conversation(tree).leaf)
    assert [message.message.text for message in left] == ["a", "b"]
    assert store.conversation(tree).title == "a"


def test_an_answer_goes_with_what_it_was_corrected_to_but_not_with_another(store: Store) -> None:
    tree, (asked, answer) = talk(store, "q", "lyon")
    other = store.add_message(tree, asked, assistant("nice")).id
    chosen = store.add_correction(answer, "paris").chosen
    scope = store.scope(messages=(answer,))
    assert scope.messages == (answer, chosen)
    assert len(scope.corrections) == 1
    store.forget(scope)
    assert store.conversation(tree).leaf == asked
    assert store.message(other).siblings == (other,)


def test_a_correction_alone_leaves_what_the_model_said(store: Store) -> None:
    _, (_, answer) = talk(store, "q", "lyon")
    chosen = store.add_correction(answer, "paris").chosen
    store.forget(store.scope(messages=(chosen,)))
    assert store.corrections() == ()
    assert store.message(answer).message.text == "lyon"


def test_with_one_of_two_first_questions_goes_the_title(store: Store) -> None:
    tree, _ = talk(store, "my secret", "b")
    kept = store.add_message(tree, "", user("other")).id
    first = store.message(kept).siblings[0]
    store.forget(store.scope(messages=(first,)))
    found = store.conversation(tree)
    assert (found.title, found.leaf) == ("", kept)


def test_a_conversation_of_which_nothing_is_left_goes(store: Store) -> None:
    tree, ids = talk(store, "a", "b")
    assert store.scope(messages=(ids[0],)).conversations == (tree,)


def test_matching_looks_everywhere_and_for_whole_words(store: Store) -> None:
    tree, ids = talk(store, "the Café opens", "it does")
    call = Message("assistant", (ToolCall("1", "find", {"where": "cafe opens"}),))
    called = store.add_message(tree, ids[0], call).id
    result = Message("tool", (ToolResult("1", "CAFE never\nopens"),))
    told = store.add_message(tree, called, result).id
    hidden, (said, _) = talk(store, "cafe, opens?", "b")
    store.delete(hidden)
    talk(store, "cafes opens", "b")
    assert store.mentioning("cafe opens") == (
        (tree, hidden),
        tuple(sorted((ids[0], called, told, said))),
    )
    assert store.mentioning('"opens cafe"') == store.mentioning(' "" - ') == ((), ())
    assert store.mentioning('"cafe opens" AND') == ((), ())


def test_matching_looks_at_the_system_text(store: Store) -> None:
    under = store.create_conversation("a", system="You know: Zanzibar.").id
    store.create_conversation("b", system="You know zanzibars.")
    titled, _ = talk(store, "of zanzibar", "b")
    assert store.mentioning("ZANZIBAR")[0] == (under, titled)
    assert store.mentioning("know zanzibar")[0] == (under,)


def test_what_a_tool_quoted_in_another_conversation_goes_too(store: Store) -> None:
    tree, _ = talk(store, "my number is 555 and a half", "noted")
    _, ids = talk(store, "what was it", "let me see")
    lines = '2026-01-01, in "x", the user said:\n…number is 555 and a…'
    other = store.conversations()[0].id
    quote = store.add_message(other, ids[1], Message("tool", (ToolResult("1", lines),))).id
    after = store.add_message(other, quote, assistant("555")).id
    scope = store.scope((tree,))
    assert scope.quoting == (quote,)
    assert {quote, after} < set(scope.messages)
    assert scope.conversations == (tree,)


def test_answers_that_were_shown_a_forgotten_correction_go_too(store: Store) -> None:
    tree, (_, answer) = talk(store, "the capital?", "no idea")
    correction = store.add_correction(answer, "it is Mossport").id
    other, (asked, _) = talk(store, "what is the capital?", "kept")
    shown = store.begin_answer(other, asked, Origin("m", examples=(correction,), prompt=(7, 8)))
    store.finish_answer(shown.id, assistant("Mossport"), None, "done")
    scope = store.scope((tree,))
    assert scope.quoting == (shown.id,)
    store.forget(scope)
    assert store.conversation(other).leaf == asked
    assert store.search("mossport") == ()


def test_an_interrupted_one_is_finished(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = store_canaries.canaries(1, 5)[0]
    tree = store_canaries.plant(store, word, 3)
    store_canaries.surround(store, home, word)
    scope = store.scope((tree,))
    with monkeypatch.context() as patch:
        patch.setattr(type(store._db), "shed", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.forget(scope)
    assert store_canaries.found(home, [word])
    assert erasing.unfinished(home) is not None
    assert store.finish_forgetting() is not None
    assert store_canaries.found(home, [word]) == []
    assert store.finish_forgetting() is None


@pytest.mark.parametrize("statement", [1, 12, 45])
def test_one_that_was_killed_is_finished(home: Path, statement: int) -> None:
    assert store_forget.check(home, statement)


def test_the_next_one_finishes_what_was_left(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (talk(store, text, "b")[0] for text in ("secret", "another"))
    kept, _ = talk(store, "kept", "b")
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_remove_rows", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.forget(store.scope((first,)))
    done = store.forget(store.scope((second,)))
    assert [row.id for row in store.conversations()] == [kept]
    assert done.backup.exists()
    assert (done.removed, erasing.unfinished(home)) == ((), None)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_copies_without_it_stay(store: Store, home: Path) -> None:
    old = home / "backups" / "old.tar"
    talk(store, "before", "b")
    store.write_backup(old)
    tree, _ = talk(store, "secret", "b")
    store.write_backup(home / "backups" / "new.tar")
    scope = store.scope((tree,))
    assert store.copies_holding(scope) == (home / "backups" / "new.tar",)
    done = store.forget(scope)
    assert done.removed == (home / "backups" / "new.tar",)
    assert sorted(path.name for path in (home / "backups").iterdir()) == sorted(
        [done.backup.name, "old.tar"]
    )


def test_a_copy_that_cannot_be_looked_into_stays_and_is_left_to_do(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = home / "backups"
    talk(store, "before", "b")
    store.write_backup(backups / "old.tar")
    backup.back_up(store._db.connection, home / "localai.db", "daily")
    (old_db,) = backups.glob("*.db")
    tree, _ = talk(store, "secret", "b")
    store.write_backup(backups / "new.tar")
    opened, connect = Path.open, connection.connect

    def full(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if mode == "xb":
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(path, mode, *rest, **named)

    def refused(path: Path, **named: Any) -> Any:
        if path == old_db:
            return connect(path.with_name("gone"), **named)
        return connect(path, **named)

    scope = store.scope((tree,))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        patch.setattr(copies, "connect", refused)
        with pytest.raises(StoreError, match=r"cannot be looked into \([^(]*\);.*--finish"):
            store.forget(scope)
    assert {path.name for path in backups.iterdir()} >= {"old.tar", "new.tar", old_db.name}
    done = store.finish_forgetting()
    assert done is not None
    assert done.removed == (backups / "new.tar",)
    assert old_db.exists()


def test_damaged_backups_of_ours_go_and_other_archives_stay(store: Store, home: Path) -> None:
    tree, _ = talk(store, "secret", "b")
    backups = home / "backups"
    changed, torn = backups / "changed.tar", backups / "localai-20260101T000000Z.tar"
    store.write_backup(changed)
    whole = changed.read_bytes()
    changed.write_bytes(whole.replace(b"secret", b"SECRET"))
    torn.write_bytes(b"x" * 2000)
    (backups / "holiday.tar").write_bytes(b"my own" * 1000)
    with tarfile.open(backups / "photos.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("manifest.json"))
    done = store.forget(store.scope((tree,)))
    assert set(done.removed) == {changed, torn}
    assert {path.name for path in backups.glob("*.tar")} == {"holiday.tar", "photos.tar"}


@pytest.mark.parametrize("content", ['{"verdict": null}', "[]", "nonsense"])
def test_a_manifest_of_another_form_is_left_alone(store: Store, home: Path, content: str) -> None:
    keep = store_canaries.canaries(1, 1)[0]
    store_canaries.plant(store, keep, 2)
    made = store_canaries.learn(store, home, keep)
    with store._db.write() as db:
        db.execute("UPDATE runs SET verdict = '{}'")
    manifest = Path(made.file).with_name("manifest.json")
    manifest.write_text(content, "utf-8")
    tree, _ = talk(store, "elsewhere", "b")
    assert store.forget(store.scope((tree,))).removed == ()
    assert manifest.read_text("utf-8") == content


def test_a_tune_that_goes_on_is_waited_for(store: Store, home: Path) -> None:
    tree, _ = talk(store, "secret", "b")
    with FileLock(home / "tune.lock"), pytest.raises(StoreError, match="A tune is running"):
        store.forget(store.scope((tree,)))
    assert len(store.conversations()) == 1
    assert erasing.unfinished(home) is None


def test_a_reader_of_an_older_state_is_named_and_finishing_helps(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, _ = talk(store, "secret", "b")
    store._db.connection.execute("PRAGMA busy_timeout = 10")
    with Store.open(home / "localai.db", readonly=True) as reader:
        with reader._db.read() as db:
            db.execute("SELECT count(*) FROM messages").fetchone()
            with pytest.raises(StoreError, match="--finish"):
                store.forget(store.scope((tree,)))
        assert store.finish_forgetting() is not None


def test_without_room_for_a_clean_copy_it_says_what_is_left_to_do(store: Store, home: Path) -> None:
    tree, _ = talk(store, "secret", "b")
    (home / "backups").touch()
    with pytest.raises(StoreError, match=r"traces of it are left\. .* --finish"):
        store.forget(store.scope((tree,)))
    assert store.conversations() == ()
    (home / "backups").unlink()
    assert store.finish_forgetting() is not None


def test_a_message_that_is_not_there(store: Store) -> None:
    with pytest.raises(StoreError, match="There is no message"):
        store.scope(messages=("nope",))
