"""Corrections as worked examples: which are near, what fits, what the model is shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localai.chat.examples import near, nearness, with_examples
from localai.chat.session import Session
from localai.config import ChatSettings, Settings
from localai.conversation import assistant, user
from localai.engine.scripted import ScriptedEngine
from localai.store.store import Store
from localai.store.tuning import Corrected
from tests.chat.test_session import entry


@pytest.mark.parametrize(
    ("question", "other", "is_near"),
    [
        ("What is the capital of Vereland?", "What is the capital of Vereland?", True),
        ("what's the capital of Vereland", "What is the capital of Vereland?", True),
        ("Which town is the capital of Vereland?", "What is the capital of Vereland?", True),
        ("What is the capital of France?", "What is the capital of Vereland?", False),
        ("How far is it to the mill?", "How far is it to the station?", False),
        ("Who are you?", "Who are you?", True),
        ("Who are you?", "Who is there?", False),
        ("Tell me about the Hump.", "What do we call the old bridge?", False),
        ("", "What is the capital of Vereland?", False),
    ],
)
def test_near_is_what_is_about_the_same_thing(question: str, other: str, is_near: bool) -> None:
    assert (nearness(question, other) > 0) is is_near


def corrected(number: int, question: str, answer: str = "It is Mossport.") -> Corrected:
    return Corrected(f"k{number}", "c", question, answer)


def test_the_nearest_comes_last_and_what_does_not_fit_is_left_out() -> None:
    asked = "What is the capital of Vereland today?"
    known = [
        corrected(1, "What is the capital of Vereland?"),
        corrected(2, "What is the capital of Vereland today?"),
        corrected(3, "Which capital has Vereland today?", "word " * 500),
        corrected(4, "What is the capital of France?"),
    ]
    found = near(asked, known, 200, lambda text: len(text.split()))
    assert [each.id for each in found] == ["k1", "k2"]
    assert near(asked, known, 30, lambda text: len(text.split())) == (known[1],)
    learned = near(asked, known, 200, lambda text: len(text.split()), learned={"k2"})
    assert [each.id for each in learned] == ["k1"]
    same = [corrected(number, asked) for number in range(5)]
    assert near(asked, same, 999, len) == (same[0],)


def test_examples_stand_before_the_last_question() -> None:
    talk = [user("Hi"), assistant("Hello"), user("Where?"), assistant("calls")]
    shown = with_examples(talk, [corrected(1, "Q", "A")])
    assert [message.text for message in shown] == ["Hi", "Hello", "Q", "A", "Where?", "calls"]


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.memory() as memory:
        yield memory


def session(store: Store, settings: Settings | None = None) -> Session:
    engine = ScriptedEngine(["I do not know.", "Mossport."])
    return Session(store, engine, settings or Settings(), entry())


def prompt(chat: Session) -> str:
    assert isinstance(chat.engine, ScriptedEngine)
    return "".join(chat.engine.pieces(chat.engine.requests[-1].ids))


def test_a_correction_helps_the_next_conversation_at_once(store: Store) -> None:
    chat = session(store)
    list(chat.send("What is the capital of Vereland?"))
    chat.correct(chat.messages()[-1].id, "It is Mossport.")
    other = session(store)
    list(other.send("What is the capital of Vereland now?"))
    assert "It is Mossport." in prompt(other)
    origin = other.messages()[-1].origin
    assert origin
    assert origin.examples == (store.corrections()[0].id,)
    list(other.send("Thank you."))
    assert "Mossport" not in prompt(other)  # it is no part of the talk


def test_nothing_is_shown_of_the_same_talk_or_when_switched_off(store: Store) -> None:
    chat = session(store)
    list(chat.send("What is the capital of Vereland?"))
    chat.correct(chat.messages()[-1].id, "It is Mossport.")
    list(chat.send("What is the capital of Vereland?"))
    assert chat.messages()[-1].origin.examples == ()  # type: ignore[union-attr]
    off = session(store, Settings(chat=ChatSettings(example_tokens=0)))
    list(off.send("What is the capital of Vereland?"))
    assert "Mossport" not in prompt(off)
    store.withdraw_correction(store.corrections()[0].id)
    after = session(store)
    list(after.send("What is the capital of Vereland?"))
    assert "Mossport" not in prompt(after)


def test_a_shared_correction_is_not_shown_again_in_a_fork(store: Store) -> None:
    chat = session(store)
    list(chat.send("What is the capital of Vereland?"))
    better = chat.correct(chat.messages()[-1].id, "It is Mossport.")
    assert chat.conversation is not None
    fork = store.fork(chat.conversation.id, better.id)
    forked = Session(store, ScriptedEngine(["Mossport."] * 2), Settings(), entry(), fork)
    list(forked.send("What is the capital of Vereland?"))
    assert prompt(forked).count("It is Mossport.") == 1
    # What the fork was corrected to is an example where it is not part of the talk.
    list(forked.send("Which is the largest town of Vereland?"))
    forked.correct(forked.messages()[-1].id, "Largest is Mill.")
    list(chat.send("Which is the largest town of Vereland?"))
    assert "Largest is Mill." in prompt(chat)
