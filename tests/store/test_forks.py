"""Forks: what belongs to one, what is written where, what stays when the other goes."""

from __future__ import annotations

import pytest

from localai.conversation import assistant, user
from localai.errors import StoreError
from localai.store.rows import Origin
from localai.store.store import Store

Talk = dict[str, str]


@pytest.fixture
def talk(store: Store) -> Talk:
    """Two questions with answers, the first answer with another beside it; a fork at the
    first answer. By names, the conversations as "talk" and "fork"."""
    ids = {"talk": store.create_conversation("Trains", "Be brief.").id, "": ""}
    for name, parent in (("q1", ""), ("a0", "q1"), ("a1", "q1"), ("q2", "a1"), ("a2", "q2")):
        said = (user if name.startswith("q") else assistant)(name)
        ids[name] = store.add_message(ids["talk"], ids[parent], said).id
    ids["fork"] = store.fork(ids["talk"], ids["a1"]).id
    return ids


def add(store: Store, talk: Talk, where: str, name: str, parent: str) -> str:
    """Write a message there."""
    said = (user if name.startswith("q") else assistant)(name)
    talk[name] = store.add_message(talk[where], talk[parent], said).id
    return talk[name]


def texts(store: Store, conversation: str) -> list[str]:
    """What it shows."""
    leaf = store.conversation(conversation).leaf
    return [each.message.text for each in store.path(leaf, conversation)]


def beside(store: Store, talk: Talk, where: str, name: str) -> list[str]:
    """The names of a message and its alternatives in that conversation."""
    names = {id_: known for known, id_ in talk.items()}
    path = store.path(talk[name], talk[where])
    return [names[id_] for id_ in path[-1].siblings]


def test_a_fork_goes_on_by_itself_and_copies_nothing(store: Store, talk: Talk) -> None:
    rows = store.info()["messages"]
    fork = store.conversation(talk["fork"])
    assert (fork.title, fork.system, fork.messages) == ("Trains (2)", "Be brief.", 2)
    assert fork.leaf == fork.fork == talk["a1"]
    assert store.latest() == fork
    assert texts(store, fork.id) == ["q1", "a1"]
    add(store, talk, "fork", "q3", "a1")
    assert texts(store, fork.id) == ["q1", "a1", "q3"]
    assert texts(store, talk["talk"]) == ["q1", "a1", "q2", "a2"]
    assert store.info()["messages"] == int(str(rows)) + 1


def test_titles_are_numbered(store: Store, talk: Talk) -> None:
    assert store.fork(talk["talk"], talk["a1"]).title == "Trains (3)"
    assert store.fork(talk["fork"], talk["a1"]).title == "Trains (4)"
    store.rename(talk["fork"], "Ships")
    assert store.fork(talk["fork"], talk["a1"]).title == "Ships (2)"
    untitled = store.create_conversation().id
    said = store.add_message(untitled, "", user("x")).id
    assert store.fork(untitled, said).title == ""


def test_what_cannot_be_forked(store: Store, talk: Talk) -> None:
    other = store.create_conversation().id
    begun = store.begin_answer(talk["talk"], talk["q2"], Origin("m"))
    for where, message, why in (
        (other, talk["q1"], "not there any more"),
        ("nope", talk["q1"], "not there any more"),
        (talk["talk"], "nope", "not there any more"),
        (talk["fork"], talk["q2"], "not there any more"),
        (talk["talk"], begun.id, "still being written"),
    ):
        with pytest.raises(StoreError, match=why):
            store.fork(where, message)


def test_each_shows_its_own_alternatives_alone(store: Store, talk: Talk) -> None:
    add(store, talk, "fork", "q3", "a1")
    assert beside(store, talk, "fork", "q3") == ["q3"]
    assert beside(store, talk, "talk", "q2") == ["q2"]
    assert beside(store, talk, "fork", "a1") == ["a1"]
    add(store, talk, "fork", "a4", "q1")
    assert beside(store, talk, "fork", "a4") == beside(store, talk, "fork", "a1") == ["a1", "a4"]
    assert beside(store, talk, "talk", "a1") == ["a0", "a1"]
    assert store.message(talk["a4"]).siblings == (talk["a1"], talk["a4"])


def test_a_first_question_asked_differently_stands_beside_the_shared_one(
    store: Store, talk: Talk
) -> None:
    add(store, talk, "fork", "q4", "")
    assert beside(store, talk, "fork", "q4") == beside(store, talk, "fork", "q1") == ["q1", "q4"]
    assert beside(store, talk, "talk", "q1") == ["q1"]
    store.set_leaf(talk["fork"], store.leaf_through(talk["q1"], talk["fork"]))
    assert texts(store, talk["fork"]) == ["q1", "a1"]


def test_what_is_the_others_is_out_of_reach(store: Store, talk: Talk) -> None:
    add(store, talk, "fork", "q3", "a1")
    for where, message in (("fork", "q2"), ("fork", "a0"), ("talk", "q3")):
        for act in (
            lambda where, message: store.set_leaf(where, message),
            lambda where, message: store.add_message(where, message, user("x")),
            lambda where, message: store.leaf_through(message, where),
        ):
            with pytest.raises(StoreError, match="not there any more"):
                act(talk[where], talk[message])
        with pytest.raises(StoreError, match="has no message"):
            store.message_id(talk[where], talk[message])
    assert store.message_id(talk["fork"], talk["q1"][-8:]) == talk["q1"]


def test_the_way_below_a_shared_message_is_each_ones_own(store: Store, talk: Talk) -> None:
    add(store, talk, "fork", "q3", "a1")
    for where in ("talk", "fork"):
        store.set_leaf(talk[where], "")
    assert store.leaf_through(talk["q1"]) == talk["a2"]
    assert store.leaf_through(talk["q1"], talk["fork"]) == talk["q3"]
    store.set_leaf(talk["fork"], talk["q1"])
    assert store.leaf_through(talk["q1"], talk["fork"]) == talk["q1"]


def test_a_fork_of_a_fork(store: Store, talk: Talk) -> None:
    add(store, talk, "fork", "q3", "a1")
    talk["second"] = store.fork(talk["fork"], talk["q3"]).id
    add(store, talk, "second", "a5", "q3")
    add(store, talk, "fork", "a6", "q3")
    assert texts(store, talk["second"]) == ["q1", "a1", "q3", "a5"]
    assert beside(store, talk, "second", "a5") == ["a5"]
    store.purge(talk["fork"])
    assert texts(store, talk["second"]) == ["q1", "a1", "q3", "a5"]
    assert texts(store, talk["talk"]) == ["q1", "a1", "q2", "a2"]


def test_a_correction_from_a_fork_is_written_there(store: Store, talk: Talk) -> None:
    made = store.add_correction(talk["a1"], "better", conversation_id=talk["fork"])
    assert (made.conversation, made.rejected) == (talk["fork"], talk["a1"])
    assert texts(store, talk["fork"]) == ["q1", "better"]
    assert texts(store, talk["talk"]) == ["q1", "a1", "q2", "a2"]
    store.withdraw_correction(made.id, talk["fork"])
    assert texts(store, talk["fork"]) == ["q1", "a1"]


def test_a_shared_correction_is_taken_back_without_moving_the_original(
    store: Store, talk: Talk
) -> None:
    made = store.add_correction(talk["a2"], "better")
    fork = store.fork(talk["talk"], made.chosen).id
    store.withdraw_correction(made.id, fork)
    assert store.corrections() == ()
    assert texts(store, fork)[-1] == texts(store, talk["talk"])[-1] == "better"


def test_a_shared_correction_is_edited_again_in_a_fork(store: Store, talk: Talk) -> None:
    first = store.add_correction(talk["a2"], "better")
    fork = store.fork(talk["talk"], first.chosen).id
    second = store.add_correction(first.chosen, "best", conversation_id=fork)
    assert (second.rejected, second.conversation) == (talk["a2"], fork)
    assert store.corrections() == (second,)
    assert texts(store, talk["talk"])[-1] == "better"
    store.purge(talk["talk"])
    assert store.corrections() == (second,)
    assert texts(store, fork) == ["q1", "a1", "q2", "best"]
    store.withdraw_correction(second.id, fork)
    assert texts(store, fork) == ["q1", "a1", "q2", "a2"]


def test_what_a_hidden_conversation_shares_stays_in_sight(store: Store, talk: Talk) -> None:
    made = store.add_correction(talk["a2"], "better")
    fork = store.fork(talk["talk"], made.chosen).id
    store.delete(talk["talk"])
    assert texts(store, fork) == ["q1", "a1", "q2", "better"]
    assert store.corrections() == (made,)
    assert [each.chosen for each in store.corrected()] == [made.chosen]
    store.delete(fork)
    assert store.corrections() == ()
    assert store.corrected() == ()


def test_what_forks_share_outlives_the_original(store: Store, talk: Talk) -> None:
    later = store.fork(talk["talk"], talk["a2"]).id
    add(store, talk, "fork", "q3", "a1")
    store.purge(talk["talk"])
    assert texts(store, talk["fork"]) == ["q1", "a1", "q3"]
    assert texts(store, later) == ["q1", "a1", "q2", "a2"]
    assert store.message(talk["q1"]).conversation == talk["fork"]
    assert store.message(talk["q2"]).conversation == later
    with pytest.raises(StoreError):
        store.message(talk["a0"])
    store.purge(talk["fork"])
    store.purge(later)
    assert store.info()["messages"] == 0
    assert store.info()["check"] == "ok"
