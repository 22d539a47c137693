"""A turn from question to stored answer, with the scripted engine and a real store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localai.catalog import Description, ModelEntry
from localai.catalog.description import FileSource
from localai.chat import steps
from localai.chat.session import Session
from localai.chat.turn import AnswerFinished, AnswerStarted, TurnEvent, UserSaved
from localai.config import ChatSettings, SamplingSettings, Settings
from localai.conversation import Delta, Reasoning, Text
from localai.engine.base import Thinking
from localai.engine.scripted import Script, ScriptedEngine
from localai.errors import ContextOverflow, EngineCrashed, ModelError, StoreError, UsageError
from localai.store.rows import StoredMessage
from localai.store.store import Store

THINK = Thinking("<think>", "</think>", switchable=True)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.memory() as memory:
        yield memory


def entry() -> ModelEntry:
    description = Description(
        name="scripted",
        source=FileSource("/scripted.gguf"),
        file="scripted.gguf",
        sampling={"temperature": 0.2, "top_k": 5},
    )
    return ModelEntry(name="scripted", path=Path("/scripted.gguf"), description=description)


def session(
    store: Store, engine: ScriptedEngine, settings: Settings | None = None, **options: object
) -> Session:
    return Session(store, engine, settings or Settings(), entry(), **options)  # type: ignore[arg-type]


def answer(events: Iterator[TurnEvent]) -> StoredMessage:
    *_, last = events
    assert isinstance(last, AnswerFinished)
    return last.message


def test_a_turn_is_recorded_as_it_happens(store: Store) -> None:
    chat = session(store, ScriptedEngine(["Paris it is."]))
    events = list(chat.send("Capital of France?\nPlease."))
    saved, started = events[0], events[1]
    assert isinstance(saved, UserSaved)
    assert isinstance(started, AnswerStarted)
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "Paris it is."
    question, reply = chat.messages()
    assert (question, reply.message.text, reply.status) == (saved.message, "Paris it is.", "done")
    assert reply.completion is not None
    assert reply.message.ids == reply.completion.ids
    assert chat.conversation is not None
    assert chat.conversation.title == "Capital of France?"


def test_the_question_is_committed_before_the_model_is_asked(store: Store) -> None:
    engine = ScriptedEngine(load_error=ModelError("There is no such file; choose another."))
    chat = session(store, engine)
    with pytest.raises(ModelError):
        list(chat.send("Hello?"))
    assert [m.message.text for m in chat.messages()] == ["Hello?"]


def test_the_next_turn_reuses_what_was_sampled(store: Store) -> None:
    engine = ScriptedEngine(["One two three.", "Four."])
    chat = session(store, engine)
    first = answer(chat.send("Count."))
    second = answer(chat.send("Go on."))
    assert first.completion
    assert second.completion
    kept = first.completion.prompt_tokens + first.completion.generated_tokens
    assert second.completion.cached_tokens >= kept


def test_a_crash_keeps_what_was_said_and_the_turn_can_be_given_again(store: Store) -> None:
    engine = ScriptedEngine([Script("one two three four", crash_at=3), "fine"])
    chat = session(store, engine)
    with pytest.raises(EngineCrashed):
        list(chat.send("Count."))
    broken = chat.messages()[-1]
    assert (broken.status, broken.message.text) == ("failed", "one two three")
    assert "crashed" in broken.error
    again = answer(chat.regenerate(broken.id))
    assert again.message.text == "fine"
    assert again.siblings == (broken.id, again.id)


def test_cancel_keeps_the_partial_answer(store: Store) -> None:
    engine = ScriptedEngine([Script("one two three four", hold_at=2)])
    chat = session(store, engine)
    for event in chat.send("Count."):
        if isinstance(event, Delta) and event.text == " two":
            chat.cancel()
    last = chat.messages()[-1]
    assert (last.status, last.message.text) == ("cancelled", "one two")


def test_a_front_end_that_goes_away_leaves_a_closed_row(store: Store) -> None:
    engine = ScriptedEngine(["one two three"])
    chat = session(store, engine)
    events = chat.send("Count.")
    for event in events:
        if isinstance(event, Delta):
            break
    del events
    last = chat.messages()[-1]
    assert (last.status, last.message.text) == ("cancelled", "one")
    assert engine.state == "ready"


def test_old_turns_leave_and_the_answer_says_how_many(store: Store) -> None:
    engine = ScriptedEngine(["word " * 20], n_ctx=200)
    chat = session(store, engine, system="Be brief.")
    dropped = []
    for turn in range(12):
        for event in chat.send(f"question {turn} " + "more " * 10):
            if isinstance(event, AnswerStarted):
                dropped.append(event.dropped)
                assert event.prompt_tokens < event.context
    assert dropped[0] == 0
    assert dropped[-1] > 0
    assert dropped == sorted(dropped)
    assert "Be brief." in "".join(engine.pieces(engine.requests[-1].ids))


def test_a_question_larger_than_the_window_is_kept_and_explained(store: Store) -> None:
    chat = session(store, ScriptedEngine(n_ctx=50))
    with pytest.raises(ContextOverflow, match="larger context"):
        list(chat.send("word " * 100))
    assert len(chat.messages()) == 1


def test_sampling_comes_from_the_model_then_the_settings(store: Store) -> None:
    engine = ScriptedEngine()
    settings = Settings(sampling=SamplingSettings(top_k=9))
    list(session(store, engine, settings, seed=7).send("Hi"))
    used = engine.requests[0].sampling
    assert (used.temperature, used.top_k, used.seed) == (0.2, 9, 7)


def test_a_drawn_seed_is_recorded(store: Store) -> None:
    engine = ScriptedEngine()
    reply = answer(session(store, engine).send("Hi"))
    assert reply.origin is not None
    assert reply.origin.sampling["seed"] == engine.requests[0].sampling.seed is not None


def test_thinking_models_get_their_rule_and_budget(store: Store) -> None:
    engine = ScriptedEngine(["<think>a b c d</think>Yes."], thinking=THINK)
    settings = Settings(chat=ChatSettings(thinking_budget=2))
    reply = answer(session(store, engine, settings).send("Is it?"))
    assert engine.requests[0].reasoning is not None
    assert engine.requests[0].reasoning.budget == 2
    assert reply.message.parts == (Reasoning("a b"), Text("Yes."))


def test_redo_stepwise_folds_the_steps_and_keeps_the_question_as_typed(store: Store) -> None:
    engine = ScriptedEngine(["Four.", "two and two\nAnswer: 4"])
    chat = session(store, engine)
    direct = answer(chat.send("What is 2 + 2?"))
    stepwise = answer(chat.regenerate(direct.id, style="steps"))
    assert stepwise.message.parts == (Reasoning("two and two"), Text("4"))
    assert stepwise.origin is not None
    assert stepwise.origin.style == "steps"
    assert steps.STEPS in "".join(engine.pieces(engine.requests[1].ids))
    assert chat.messages()[0].message.text == "What is 2 + 2?"


def test_inspect_shows_the_prompt_as_sent(store: Store) -> None:
    engine = ScriptedEngine(["Yes."])
    chat = session(store, engine, system="Be kind.")
    reply = answer(chat.send("Ready?"))
    seen = chat.inspect(reply.id)
    assert "Be kind." in "".join(seen.prompt)
    assert "".join(seen.sampled) == "Yes."
    assert [p.text for p in chat.probabilities(reply.id)] == list(seen.sampled)


def test_raw_continues_the_text_without_a_template(store: Store) -> None:
    engine = ScriptedEngine([" upon a time"])
    list(session(store, engine, raw=True).send("Once"))
    assert "".join(engine.pieces(engine.requests[0].ids)) == "Once"


def test_a_full_disk_does_not_stop_an_answer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreError("The disk is full; free some space.")

    monkeypatch.setattr(store, "flush_answer", full)
    monkeypatch.setattr("localai.chat.recorder.FLUSH_SECONDS", 0.0)
    assert answer(session(store, ScriptedEngine(["a b c"])).send("Go")).message.text == "a b c"


def test_nothing_to_send_and_nothing_to_give_again(store: Store) -> None:
    chat = session(store, ScriptedEngine())
    with pytest.raises(UsageError):
        list(chat.send(" \n"))
    assert chat.conversation is None


def test_a_question_without_an_answer_can_be_answered_later(store: Store) -> None:
    engine = ScriptedEngine(load_error=ModelError("There is no such file; choose another."))
    with pytest.raises(ModelError):
        list(session(store, engine).send("Hello?"))
    conversation = store.latest()
    assert conversation is not None
    chat = session(store, ScriptedEngine(["Hi!"]), conversation=conversation)
    assert answer(chat.regenerate(conversation.leaf)).message.text == "Hi!"
    assert len(chat.messages()) == 2


def test_a_question_is_asked_differently_beside_the_first(store: Store) -> None:
    chat = session(store, ScriptedEngine(["One.", "Two."]))
    list(chat.send("First?"))
    asked = chat.messages()[0]
    list(chat.ask_instead(asked.id, "Second?"))
    question, answer = chat.messages()
    assert (question.message.text, answer.message.text) == ("Second?", "Two.")
    assert question.siblings == (asked.id, question.id)
    assert store.leaf_through(asked.id) != answer.id
    assert [m.message.text for m in store.path(store.leaf_through(asked.id))] == ["First?", "One."]
    with pytest.raises(UsageError, match="Only a question"):
        list(chat.ask_instead(answer.id, "Third?"))
    with pytest.raises(UsageError, match="nothing to send"):
        list(chat.ask_instead(asked.id, " "))


def test_what_is_done_to_a_shared_message_is_written_into_the_fork(store: Store) -> None:
    chat = session(store, ScriptedEngine(["One.", "Two.", "Three.", "Four."]))
    list(chat.send("First?"))
    list(chat.send("Second?"))
    first, one, *_ = before = chat.messages()
    assert chat.conversation is not None
    fork = store.fork(chat.conversation.id, one.id)

    def shown(reply: StoredMessage) -> tuple[str, list[str]]:
        assert reply.conversation == fork.id
        path = store.path(store.conversation(fork.id).leaf, fork.id)
        return reply.message.text, [each.message.text for each in path]

    def opened() -> Session:
        engine = ScriptedEngine(["Again."])
        return session(store, engine, conversation=store.conversation(fork.id))

    again = answer(opened().regenerate(one.id))
    assert shown(again) == ("Again.", ["First?", "Again."])
    assert again.siblings == (one.id, again.id)
    assert shown(answer(opened().regenerate(first.id)))[1] == ["First?", "Again."]
    asked = answer(opened().ask_instead(first.id, "Other?"))
    assert shown(asked) == ("Again.", ["Other?", "Again."])
    corrected = opened()
    assert shown(corrected.correct(one.id, "Better.")) == ("Better.", ["First?", "Better."])
    assert shown(answer(corrected.send("Third?")))[1] == ["First?", "Better.", "Third?", "Again."]
    assert chat.messages() == before
