"""Answers in the making: saved as they grow, finished once, interrupted when their writer dies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from localai.conversation import Completion, Message, Reasoning, Text, Timings, assistant, user
from localai.errors import StoreError
from localai.store.rows import Origin, StoredMessage
from localai.store.store import Store

ORIGIN = Origin("m", prompt=(1, 2, 3))
DEAD = "1:0@00000000"


def begin(store: Store) -> StoredMessage:
    tree = store.create_conversation().id
    question = store.add_message(tree, "", user("why?"))
    return store.begin_answer(tree, question.id, ORIGIN)


def kill_writer(store: Store, answer: StoredMessage) -> None:
    """As if the process that wrote the answer had ended."""
    store._db.connection.execute("UPDATE messages SET writer = ? WHERE id = ?", (DEAD, answer.id))


def test_an_answer_grows_and_is_finished(store: Store) -> None:
    answer = begin(store)
    assert (answer.status, answer.origin, answer.message) == (
        "streaming",
        ORIGIN,
        Message("assistant", ()),
    )
    assert store.conversation(answer.conversation).leaf == answer.id
    parts = (Reasoning("hm"), Text("Because"))
    store.flush_answer(answer.id, parts)
    assert store.message(answer.id).message == Message("assistant", parts)
    assert store.search("because") == ()
    final = Message("assistant", (*parts, Text(" so.")), ids=(4, 5), vocab="v")
    done = Completion("stop", 3, 1, 2, 1, Timings(1.0, 2.0, 3.0), ids=(4, 5), vocab="v")
    stored = store.finish_answer(answer.id, final, done, "done")
    assert stored == store.message(answer.id)
    assert (stored.message, stored.completion, stored.status) == (final, done, "done")
    assert stored.origin == ORIGIN
    assert [hit.message for hit in store.search("because so")] == [answer.id]


def test_a_failed_answer_keeps_its_text_and_its_reason(store: Store) -> None:
    answer = begin(store)
    stored = store.finish_answer(answer.id, assistant("half"), None, "failed", "It crashed.")
    assert (stored.status, stored.error, stored.completion) == ("failed", "It crashed.", None)


def test_a_completion_may_have_ids_of_its_own(store: Store) -> None:
    answer = begin(store)
    done = Completion("length", ids=(9,), vocab="w")
    stored = store.finish_answer(answer.id, assistant("x"), done, "done")
    assert stored.completion == done
    assert stored.message.ids == ()


def test_an_answer_is_finished_once(store: Store) -> None:
    answer = begin(store)
    store.finish_answer(answer.id, assistant("x"), None, "done")
    with pytest.raises(StoreError, match="finished before"):
        store.finish_answer(answer.id, assistant("y"), None, "done")
    with pytest.raises(StoreError, match="finished before"):
        store.flush_answer(answer.id, (Text("y"),))
    assert store.message(answer.id).message.text == "x"


def test_an_answer_of_a_purged_conversation_is_refused_in_plain_words(store: Store) -> None:
    answer = begin(store)
    store.purge(answer.conversation)
    with pytest.raises(StoreError, match="removed in another window"):
        store.flush_answer(answer.id, (Text("y"),))


def test_the_answer_of_a_dead_writer_reads_interrupted_and_is_stored_so(
    store: Store, file: Path
) -> None:
    answer = begin(store)
    store.flush_answer(answer.id, (Text("penguins are"),))
    kill_writer(store, answer)
    with Store.open(file, readonly=True) as reader:
        assert reader.message(answer.id).status == "interrupted"
        assert reader.search("penguins") == ()
    with Store.open(file) as later:
        assert later.message(answer.id).status == "interrupted"
        assert later.message(answer.id).message.text == "penguins are"
        assert [hit.message for hit in later.search("penguins")] == [answer.id]


def test_the_answer_of_a_living_writer_is_left_alone(store: Store, file: Path) -> None:
    answer = begin(store)
    program = (
        "import sys; from pathlib import Path; from localai.store.store import Store\n"
        "with Store.open(Path(sys.argv[1])) as store: print(store.message(sys.argv[2]).status)"
    )
    other = subprocess.run(
        [sys.executable, "-c", program, str(file), answer.id],
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == "streaming"
    store.finish_answer(answer.id, assistant("x"), None, "done")


def test_a_writer_taken_for_dead_by_mistake_can_still_finish(store: Store, file: Path) -> None:
    answer = begin(store)
    store.flush_answer(answer.id, (Text("penguins are"),))
    kill_writer(store, answer)
    Store.open(file).close()
    store.flush_answer(answer.id, (Text("penguins are birds"),))
    assert len(store.search("birds")) == 1
    store.finish_answer(answer.id, assistant("penguins are birds that swim"), None, "done")
    assert store.message(answer.id).status == "done"
    assert len(store.search("swim")) == 1
