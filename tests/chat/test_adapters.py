"""Which adapter answers: as the store says, looked up before each answer, told when refused."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from localai.catalog import Description, ModelEntry
from localai.catalog.description import FileSource
from localai.chat import adapters
from localai.chat.session import Session
from localai.chat.turn import AdapterRefused, AnswerFinished, TurnEvent
from localai.config import Settings
from localai.engine.base import ModelInfo
from localai.engine.scripted import ScriptedEngine
from localai.errors import AdapterError, ModelError, StoreError, UsageError
from localai.store.rows import StoredMessage
from localai.store.store import Store
from localai.store.tuning import Adapter

MODEL = b"the model's bytes"
BASE = hashlib.sha256(MODEL).hexdigest()
ONE, TWO = "1" * 64, "2" * 64
TUNED = {ONE: "One.", TWO: "Two."}


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.memory() as memory:
        yield memory


@pytest.fixture
def entry(tmp_path: Path) -> ModelEntry:
    path = tmp_path / "model.gguf"
    path.write_bytes(MODEL)
    description = Description(name="model", source=FileSource(str(path)), file=path.name)
    return ModelEntry(name="model", path=path, description=description)


def learn(store: Store, sha256: str, base: str = BASE, size: int = len(MODEL)) -> Adapter:
    """An adapter that answers from now on."""
    made = store.add_adapter(base=base, base_bytes=size, file=f"{sha256}.gguf", sha256=sha256)
    store.activate(base, made.id, "promoted")
    return made


def ask(chat: Session) -> tuple[StoredMessage, list[TurnEvent]]:
    events = list(chat.send("Hello?"))
    assert isinstance(events[-1], AnswerFinished)
    return events[-1].message, events


def said(chat: Session) -> tuple[str, str]:
    """The text of an answer, and the adapter it is stamped with."""
    message, _ = ask(chat)
    assert message.origin is not None
    return message.message.text, message.origin.adapter


def test_the_active_adapter_answers_from_the_next_turn_on(store: Store, entry: ModelEntry) -> None:
    engine = ScriptedEngine(["Bare."], tuned=TUNED)
    chat = Session(store, engine, Settings(), entry)
    assert said(chat) == ("Bare.", "")
    assert chat.adapter() is None
    one = learn(store, ONE)
    assert chat.adapter() == one
    assert said(chat) == said(chat) == ("One.", one.id)
    two = learn(store, TWO)
    assert said(chat) == ("Two.", two.id)
    store.roll_back(BASE)
    assert said(chat) == ("One.", one.id)
    store.roll_back(BASE)
    assert said(chat) == ("Bare.", "")
    assert engine.adapters == [(f"{sha}.gguf", sha) for sha in (ONE, TWO, ONE)] + [("", "")]


class Told(ScriptedEngine):
    """Notes which base it is told an adapter belongs to."""

    def use_adapter(
        self, path: str, sha256: str, *, scale: float = 1.0, base: str = ""
    ) -> ModelInfo:
        self.base = base
        return super().use_adapter(path, sha256, scale=scale, base=base)


def test_the_engine_need_not_hash_the_model_again(store: Store, entry: ModelEntry) -> None:
    engine = Told(["Bare."], tuned=TUNED)
    learn(store, ONE)
    assert said(Session(store, engine, Settings(), entry))[0] == "One."
    assert engine.base == BASE


def test_another_scale_than_one_is_put_right(store: Store, entry: ModelEntry) -> None:
    engine = ScriptedEngine(["Bare."], tuned=TUNED)
    engine.use_adapter(f"{ONE}.gguf", ONE, scale=0.5)
    learn(store, ONE)
    assert said(Session(store, engine, Settings(), entry))[0] == "One."
    assert engine.load().adapter_scale == 1.0


def test_probabilities_are_those_of_what_answers_now(store: Store, entry: ModelEntry) -> None:
    engine = ScriptedEngine(["Bare."], tuned=TUNED)
    chat = Session(store, engine, Settings(), entry)
    message, _ = ask(chat)
    learn(store, ONE)
    chat.probabilities(message.id)
    assert engine.load().adapter == ONE


def test_what_is_for_another_model_does_not_answer(store: Store, entry: ModelEntry) -> None:
    learn(store, ONE, base="f" * 64)
    learn(store, TWO, base="e" * 64, size=7)
    chat = Session(store, ScriptedEngine(["Bare."], tuned=TUNED), Settings(), entry)
    assert chat.adapter() is None
    assert said(chat) == ("Bare.", "")


def test_a_refused_one_is_told_and_the_bare_model_answers(store: Store, entry: ModelEntry) -> None:
    engine = ScriptedEngine(["Bare."], tuned=TUNED)
    chat = Session(store, engine, Settings(), entry)
    learn(store, ONE)
    assert said(chat)[0] == "One."
    refused = learn(store, TWO)
    engine.adapter_error = AdapterError("It changes nothing; choose another.")
    message, events = ask(chat)
    told = [event for event in events if isinstance(event, AdapterRefused)]
    assert told == [AdapterRefused(refused.name, "It changes nothing; choose another.")]
    assert message.message.text == "Bare."
    assert message.origin is not None
    assert message.origin.adapter == ""


def test_one_that_cannot_be_brought_back_costs_no_turn(store: Store, entry: ModelEntry) -> None:
    engine = ScriptedEngine(["Bare."], tuned=TUNED)
    chat = Session(store, engine, Settings(), entry)
    learn(store, ONE)
    assert said(chat)[0] == "One."

    engine.adapter_error = AdapterError("There is no such file; tune anew.")
    engine.unload()
    message, events = ask(chat)
    assert [e.name for e in events if isinstance(e, AdapterRefused)] == ["tuned-1"]
    assert message.message.text == "Bare."


def test_a_model_that_cannot_be_loaded_is_not_called_an_adapter(
    store: Store, entry: ModelEntry
) -> None:
    learn(store, ONE)
    engine = ScriptedEngine(load_error=ModelError("There is no such file; choose another."))
    events = Session(store, engine, Settings(), entry).send("Hello?")
    seen: list[TurnEvent] = []
    with pytest.raises(ModelError, match="no such file"):
        seen.extend(events)
    assert not any(isinstance(event, AdapterRefused) for event in seen)


def test_a_file_is_hashed_once_for_each_state(
    store: Store, entry: ModelEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert entry.path is not None
    assert adapters.file_hash(store, entry.path) == BASE
    monkeypatch.setattr("hashlib.file_digest", lambda *_: pytest.fail("it was read again"))
    assert adapters.file_hash(store, entry.path) == BASE
    monkeypatch.undo()
    entry.path.write_bytes(other := b"m" * len(MODEL))
    os.utime(entry.path, ns=(1, 1))
    assert adapters.file_hash(store, entry.path) == hashlib.sha256(other).hexdigest()


def test_a_file_of_another_size_is_not_read(store: Store, entry: ModelEntry) -> None:
    learn(store, ONE, size=len(MODEL) + 1)
    assert entry.path is not None
    assert adapters.active_adapter(store, entry) is None
    state = entry.path.stat()
    assert store.file_hash(str(entry.path), state.st_size, state.st_mtime_ns) == ""


def test_a_file_that_is_gone(store: Store, entry: ModelEntry) -> None:
    learn(store, ONE)
    assert entry.path is not None
    entry.path.unlink()
    assert adapters.active_adapter(store, entry) is None
    with pytest.raises(ModelError, match="cannot be read"):
        adapters.file_hash(store, entry.path)


def test_a_correction_is_gone_on_from(store: Store, entry: ModelEntry) -> None:
    engine = ScriptedEngine(["The capital is Lyon.", "Yes."])
    chat = Session(store, engine, Settings(), entry)
    wrong, _ = ask(chat)
    chosen = chat.correct(wrong.id, "The capital is Paris.")
    assert [m.message.text for m in chat.messages()] == ["Hello?", "The capital is Paris."]
    assert chosen.siblings == (wrong.id, chosen.id)
    ask(chat)
    prompt = "".join(engine.pieces(engine.requests[-1].ids))
    assert "Paris" in prompt
    assert "Lyon" not in prompt
    with pytest.raises(StoreError):
        chat.correct(chosen.id, " ")
    with pytest.raises(UsageError):
        chat.probabilities(chosen.id)
