"""The same prompt asked again: how many answers say what was said."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from localai.chat.session import Session
from localai.config import Settings
from localai.engine.scripted import ScriptedEngine
from localai.errors import UsageError
from localai.evals.sure import Certainty, asked_again
from localai.render.base import Thinking
from localai.store.store import Store
from tests.chat.test_comparing import entry, tuned

REPLIES = ["It is Paris.", "Paris.", "It is Rome.", "Paris, of course.", "It is Oslo.", "Paris."]


def asked(store: Store, folder: Path, engine: ScriptedEngine, **settings: object) -> Session:
    session = Session(store, engine, Settings.model_validate(settings), entry(folder))
    list(session.send("What is the capital of France?"))
    return session


def test_the_answers_come_one_by_one_with_their_agreement(store: Store, tmp_path: Path) -> None:
    engine = ScriptedEngine(REPLIES)
    session = asked(store, tmp_path, engine)
    given = store.message(session.messages()[-1].id)
    found = list(asked_again(session, given.id))
    assert [len(each.texts) for each in found] == [0, 1, 2, 3, 4, 5]
    assert found[-1].sentence == "4 of 6 say the same"
    assert found[-1].groups == ((0, 1, 3, 5), (2,), (4,))
    assert given.origin is not None
    assert {request.ids for request in engine.requests} == {given.origin.prompt}
    assert len(session.messages()) == 2


def test_it_ends_when_nobody_looks_any_more(store: Store, tmp_path: Path) -> None:
    session = asked(store, tmp_path, ScriptedEngine(REPLIES))
    stop = threading.Event()
    found = asked_again(session, session.messages()[-1].id, stop=stop)
    assert [len(next(found).texts), len(next(found).texts)] == [0, 1]
    stop.set()
    assert list(found) == []


def test_a_chat_without_chance_is_sampled_all_the_same(store: Store, tmp_path: Path) -> None:
    engine = ScriptedEngine(REPLIES)
    session = asked(store, tmp_path, engine, sampling={"temperature": 0})
    list(asked_again(session, session.messages()[-1].id))
    assert [request.sampling.temperature for request in engine.requests] == [0] + [0.7] * 5
    assert {request.sampling.seed for request in engine.requests[1:]} == {None}


def test_reasoning_is_not_compared(store: Store, tmp_path: Path) -> None:
    engine = ScriptedEngine(
        ["<think>Hm.</think>Paris.", "<think>Rome?</think>Paris."],
        thinking=Thinking("<think>", "</think>", True),
    )
    session = asked(store, tmp_path, engine)
    last = list(asked_again(session, session.messages()[-1].id, 1))[-1]
    assert last.texts == ("Paris.",)


def test_steps_are_not_compared(store: Store, tmp_path: Path) -> None:
    engine = ScriptedEngine(["First.\nAnswer: 4", "Other.\nAnswer: 4"])
    session = Session(store, engine, Settings(), entry(tmp_path))
    list(session.send("2 + 2?", style="steps"))
    last = list(asked_again(session, session.messages()[-1].id, 1))[-1]
    assert last == Certainty(last.answer_id, "4", 1, ("4",), ((0, 1),))


def test_only_what_answers_now_can_be_asked_again(store: Store, tmp_path: Path) -> None:
    engine = ScriptedEngine(REPLIES)
    session = asked(store, tmp_path, engine)
    question, given = session.messages()
    with pytest.raises(UsageError, match="Only an answer"):
        list(asked_again(session, question.id))
    with pytest.raises(UsageError, match="did not write"):
        list(asked_again(session, session.correct(given.id, "Lutz.").id))
    adapter = tuned(store, tmp_path)
    store.activate(adapter.base, adapter.id, "chosen")
    with pytest.raises(UsageError, match="Another adapter"):
        list(asked_again(session, given.id))
