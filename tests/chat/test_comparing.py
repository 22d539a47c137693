"""Two sides of a question: by style, by adapter beside the one in force, each a stored answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from localai.catalog import Description, ModelEntry
from localai.catalog.description import FileSource
from localai.chat import comparing
from localai.chat.comparing import Side
from localai.chat.session import Session
from localai.chat.turn import AnswerFinished
from localai.config import Settings
from localai.engine.scripted import ScriptedEngine
from localai.errors import AdapterError, UsageError
from localai.store.rows import StoredMessage
from localai.store.store import Store
from localai.store.tuning import Adapter
from tests.tui.lessons import base_of, model_file

Build = Callable[..., Session]


@pytest.fixture
def store() -> Store:
    return Store.memory()


def entry(folder: Path) -> ModelEntry:
    path = model_file(folder)
    source = FileSource(str(path))
    return ModelEntry("m", path, Description(name="m", source=source, file=path.name))


def session(store: Store, folder: Path, engine: ScriptedEngine) -> Session:
    return Session(store, engine, Settings(), entry(folder))


def tuned(store: Store, folder: Path) -> Adapter:
    path = model_file(folder)
    return store.add_adapter(
        base=base_of(path), base_bytes=path.stat().st_size, file="/tuned.gguf", sha256="tuned"
    )


def answer(session: Session, message: str, side: Side) -> StoredMessage:
    events = list(session.answer_by(message, side))
    last = events[-1]
    assert isinstance(last, AnswerFinished)
    return last.message


def test_two_styles_answer_one_question_side_by_side(store: Store, tmp_path: Path) -> None:
    engine = ScriptedEngine(["4.", "Two and two.\nAnswer: 4"])
    talk = session(store, tmp_path, engine)
    asked = talk.put("2 + 2?")
    direct, steps = (
        answer(talk, asked.id, side) for side in comparing.by_style(["direct", "steps"])
    )
    assert (direct.message.text, steps.message.text) == ("4.", "4")
    assert steps.message.reasoning == "Two and two."
    assert direct.parent == steps.parent == asked.id
    assert all(request.beside is None for request in engine.requests)


def test_the_bare_model_answers_beside_the_adapter_in_force(store: Store, tmp_path: Path) -> None:
    adapter = tuned(store, tmp_path)
    store.activate(adapter.base, adapter.id, "chosen")
    engine = ScriptedEngine(tuned={"": "Plain.", "tuned": "Arr."})
    talk = session(store, tmp_path, engine)
    asked = talk.put("Who are you?")
    sides = comparing.by_adapter(store, talk.entry, ["base", "current"])
    assert [side.name for side in sides] == ["base", "tuned-1"]
    plain, arr = (answer(talk, asked.id, side) for side in sides)
    assert (plain.message.text, arr.message.text) == ("Plain.", "Arr.")
    assert [row.origin.adapter for row in (plain, arr) if row.origin] == ["", adapter.id]
    assert [request.beside is None for request in engine.requests] == [False, True]
    assert engine.requests[0].ids == engine.requests[1].ids
    assert engine.beside is not None
    talk.end_comparing()
    assert engine.beside is None


def test_an_adapter_that_is_not_in_force_can_be_compared(store: Store, tmp_path: Path) -> None:
    tuned(store, tmp_path)
    engine = ScriptedEngine(tuned={"": "Plain.", "tuned": "Arr."})
    talk = session(store, tmp_path, engine)
    asked = talk.put("Who are you?")
    sides = comparing.by_adapter(store, talk.entry, ["tuned-1", "base"])
    assert [answer(talk, asked.id, side).message.text for side in sides] == ["Arr.", "Plain."]
    assert talk.adapter() is None


def test_adapters_that_are_compared_are_shown_no_corrections(store: Store, tmp_path: Path) -> None:
    tuned(store, tmp_path)
    engine = ScriptedEngine(["He is a sailor."])
    first = session(store, tmp_path, engine)
    list(first.send("Who is Kelwin?"))
    first.correct(first.messages()[-1].id, "I do not know.")
    talk = session(store, tmp_path, engine)
    asked = talk.put("Who is Kelwin, please?")
    shown = [
        answer(talk, asked.id, side).origin
        for sides in (
            comparing.by_style(["direct", "steps"]),
            comparing.by_adapter(store, talk.entry, ["base", "tuned-1"]),
        )
        for side in sides
    ]
    assert [len(origin.examples) for origin in shown if origin] == [1, 1, 0, 0]


def test_an_adapter_that_is_refused_is_told(store: Store, tmp_path: Path) -> None:
    tuned(store, tmp_path)
    engine = ScriptedEngine(adapter_error=AdapterError("It is broken; choose another."))
    talk = session(store, tmp_path, engine)
    asked = talk.put("Who?")
    _, side = comparing.by_adapter(store, talk.entry, ["base", "tuned-1"])
    with pytest.raises(AdapterError, match="broken"):
        answer(talk, asked.id, side)


def test_what_cannot_be_compared_is_told(store: Store, tmp_path: Path) -> None:
    model = entry(tmp_path)
    for names in (["direct"], ["direct", "direct"], ["direct", "brief"]):
        with pytest.raises(UsageError, match="direct,steps"):
            comparing.by_style(names)
    with pytest.raises(UsageError, match="Name two"):
        comparing.by_adapter(store, model, ["base"])
    with pytest.raises(UsageError, match="No adapter answers now"):
        comparing.by_adapter(store, model, ["base", "current"])
    with pytest.raises(UsageError, match="Both sides are base"):
        comparing.by_adapter(store, model, ["base", "base"])
    store.add_adapter(base="other", base_bytes=1, file="/o.gguf", sha256="o")
    with pytest.raises(UsageError, match="another model"):
        comparing.by_adapter(store, model, ["base", "tuned-1"])


def test_both_orders_come_up() -> None:
    sides = comparing.by_style(["direct", "steps"])
    assert {comparing.shuffled(sides)[0].name for _ in range(64)} == {"direct", "steps"}
