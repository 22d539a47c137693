"""Which style a question is asked in, where it is known which one is better."""

from __future__ import annotations

import pytest

from localai.chat.turn import Remark
from localai.config import Settings, StyleSettings
from localai.engine.scripted import ScriptedEngine
from localai.question_kinds import Kind
from localai.store.store import Store
from tests.chat.test_session import answer, session, store

__all__ = ["store"]  # the fixture


def known(direct: list[Kind]) -> Settings:
    return Settings(styles={"scripted": StyleSettings(direct=direct)})


def test_steps_are_left_out_where_they_are_known_to_be_worse(store: Store) -> None:
    engine = ScriptedEngine(["4", "4", "Hm.\nAnswer: 4"])
    chat = session(store, engine, known(["sums"]))
    first = answer(chat.send("What is 2 + 2?"))
    remark, *_ = events = list(chat.redo_in_steps(first.id))
    assert isinstance(remark, Remark)
    assert "errs more in sums" in remark.text
    again = answer(iter(events))
    assert again.origin is not None
    assert again.origin.style == "direct"
    anyway = answer(chat.redo_in_steps(again.id, anyway=True))
    assert anyway.origin is not None
    assert anyway.origin.style == "steps"


@pytest.mark.parametrize("question", ["What is 2 * 2?", "Who are you?"])
def test_steps_are_taken_where_nothing_is_known(store: Store, question: str) -> None:
    chat = session(store, ScriptedEngine(["4", "Hm.\nAnswer: 4"]), known(["sums"]))
    first = answer(chat.send(question))
    stepwise = answer(chat.redo_in_steps(first.id))
    assert stepwise.origin is not None
    assert stepwise.origin.style == "steps"


def test_what_is_known_of_one_model_says_nothing_of_another(store: Store) -> None:
    settings = Settings(styles={"other": StyleSettings(direct=["sums"], steps=["products"])})
    chat = session(store, ScriptedEngine(["4"]), settings)
    assert chat.style_for("What is 2 * 2?") == "direct"
    mine = Settings(styles={"scripted": StyleSettings(steps=["products"])})
    assert session(store, ScriptedEngine(["4"]), mine).style_for("What is 2 * 2?") == "steps"
