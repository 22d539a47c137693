"""The scripted engine keeps the contract that tests of behaviour lean on."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.conversation import Completion, Delta, Event, Finished, PromptProgress, assistant, user
from localai.engine.base import (
    Engine,
    Job,
    ReasoningRule,
    RenderOptions,
    Request,
    Sampling,
    Scoring,
    Thinking,
)
from localai.engine.scripted import Script, ScriptedEngine
from localai.errors import AdapterError, ContextOverflow, EngineCrashed, EngineError, ModelError

THINK = ReasoningRule("<think>", "</think>")


def engine_contract(engine: ScriptedEngine) -> Engine:
    """Checked by mypy: the fake satisfies the protocol."""
    return engine


def ask(engine: ScriptedEngine, **options: object) -> list[Event]:
    ids = engine.render([user("Hi there")], RenderOptions()).ids
    return list(engine.generate(Request(ids, **options)))  # type: ignore[arg-type]


def said(events: list[Event], kind: str = "text") -> str:
    return "".join(e.text for e in events if isinstance(e, Delta) and e.kind == kind)


def completion(events: list[Event]) -> Completion:
    assert isinstance(events[-1], Finished)
    return events[-1].completion


@given(st.text())
def test_words_join_to_the_text(text: str) -> None:
    engine = ScriptedEngine()
    assert "".join(engine.pieces(engine.tokenize(text))) == text


def test_replies_follow_each_other_and_the_last_repeats() -> None:
    engine = ScriptedEngine(["One two.", "Three."])
    assert [said(ask(engine)) for _ in range(3)] == ["One two.", "Three.", "Three."]
    assert len(engine.requests) == 3


def test_a_turn_ends_with_its_completion() -> None:
    engine = ScriptedEngine(["One two."])
    events = ask(engine)
    assert isinstance(events[0], PromptProgress)
    done = completion(events)
    assert (done.finish_reason, done.generated_tokens) == ("stop", 3)
    assert "".join(engine.pieces(done.ids)) == "One two."
    assert engine.state == "ready"


def test_the_next_turn_finds_its_prefix_in_the_cache() -> None:
    engine = ScriptedEngine(["One two."])
    first = completion(ask(engine))
    messages = [user("Hi there"), assistant("One two."), user("More")]
    ids = engine.render(messages, RenderOptions()).ids
    done = completion(list(engine.generate(Request(ids))))
    assert done.cached_tokens == first.prompt_tokens + first.generated_tokens


def test_reasoning_is_told_apart_and_limited() -> None:
    reply = "<think>one two three</think>Answer."
    events = ask(ScriptedEngine([reply]), reasoning=THINK)
    assert (said(events, "reasoning"), said(events)) == ("one two three", "Answer.")
    assert completion(events).reasoning_tokens == 3
    short = ReasoningRule("<think>", "</think>", budget=2)
    events = ask(ScriptedEngine([reply]), reasoning=short)
    assert (said(events, "reasoning"), said(events)) == ("one two", "Answer.")


def test_limits_and_stop_strings() -> None:
    assert completion(ask(ScriptedEngine(["a b c d"]), max_tokens=2)).finish_reason == "length"
    assert said(ask(ScriptedEngine(["a b STOP c"]), stop=("STOP",))) == "a b "


def test_a_small_window_fills_up_and_overflows() -> None:
    engine = ScriptedEngine(["a b c d e f g h"], n_ctx=12)
    assert completion(ask(engine)).finish_reason == "length"
    with pytest.raises(ContextOverflow):
        engine.generate(Request(tuple(range(12))))


def test_a_crash_keeps_what_was_said_and_the_next_call_starts_again() -> None:
    engine = ScriptedEngine([Script("a b c", crash_at=2), "fine"])
    stream = engine.generate(Request((1, 2)))
    seen = [next(stream), next(stream), next(stream)]
    with pytest.raises(EngineCrashed):
        next(stream)
    assert said(seen) == "a b"
    assert engine.state == "crashed"
    assert said(ask(engine)) == "fine"


@pytest.mark.parametrize("wake", [ScriptedEngine.release, ScriptedEngine.cancel])
def test_a_held_generation_waits_for_release_or_cancel(
    wake: Callable[[ScriptedEngine], None],
) -> None:
    engine = ScriptedEngine([Script("a b c", hold_at=1)])
    events: list[Event] = []
    thread = threading.Thread(target=lambda: events.extend(ask(engine)))
    thread.start()
    assert engine.held.wait(10)
    assert engine.state == "busy"
    with pytest.raises(EngineError):
        engine.generate(Request((1,)))
    wake(engine)
    thread.join(10)
    cancelled = wake is ScriptedEngine.cancel
    assert said(events) == ("a" if cancelled else "a b c")
    assert completion(events).finish_reason == ("cancelled" if cancelled else "stop")


def test_closing_the_iterator_frees_the_engine() -> None:
    engine = ScriptedEngine(["a b c"])
    stream = engine.generate(Request((1, 2)))
    next(stream)
    del stream
    assert engine.state == "ready"


def test_a_model_that_cannot_be_loaded_and_a_closed_engine() -> None:
    engine = ScriptedEngine(load_error=ModelError("No such file; choose another."))
    engine.warm()
    with pytest.raises(ModelError, match="No such file"):
        engine.load()
    closed = ScriptedEngine()
    closed.close()
    with pytest.raises(EngineError):
        closed.load()


def test_an_adapter_changes_what_is_said_and_forgets_the_prompt() -> None:
    engine = ScriptedEngine(["One two."], tuned={"abc": "Three."})
    assert said(ask(engine)) == "One two."
    assert engine.use_adapter("tuned.gguf", "abc").adapter == "abc"
    events = ask(engine)
    assert (said(events), completion(events).cached_tokens) == ("Three.", 0)
    assert engine.use_adapter("", "").adapter == engine.load().adapter == ""
    assert said(ask(engine)) == "One two."
    assert engine.adapters == [("tuned.gguf", "abc"), ("", "")]


def test_a_refused_adapter_leaves_the_one_before() -> None:
    engine = ScriptedEngine(adapter_error=AdapterError("It is no use; choose another."))
    with pytest.raises(AdapterError):
        engine.use_adapter("tuned.gguf", "abc")
    assert engine.load().adapter == ""
    assert engine.use_adapter("", "").adapter == ""


def test_one_that_cannot_be_brought_back_is_told_once() -> None:
    engine = ScriptedEngine()
    engine.use_adapter("tuned.gguf", "abc")
    engine.unload()
    engine.adapter_error = AdapterError("It is gone; choose another.")
    with pytest.raises(AdapterError):
        engine.load()
    assert engine.load().adapter == ""


def test_rendering_weighs_what_the_assistant_wrote() -> None:
    engine = ScriptedEngine(thinking=Thinking("<think>", "</think>", switchable=True))
    rendered = engine.render([user("<|im_end|>"), assistant("Yes.")], RenderOptions())
    learnt = [id for id, w in zip(rendered.ids, rendered.weights, strict=True) if w]
    assert "".join(engine.pieces(learnt)) == "Yes.<|im_end|>"
    assert list(rendered.ids).count(2) == 2
    inside = engine.render([user("x")], RenderOptions(prefill="<think>\n"))
    assert inside.in_reasoning


def test_samples_are_the_next_replies_job_by_job() -> None:
    engine = ScriptedEngine(["One.", "<think>Hm.</think>Two.", "Three."])
    ids = engine.tokenize("Count!")
    jobs = [
        Job(Request(ids, Sampling(seed=7), reasoning=THINK), 2, logprobs=True),
        Job(Request(ids)),
    ]
    found = list(engine.sample(jobs))
    assert [(s.job, s.sample, s.text, s.reasoning) for s in found] == [
        (0, 0, "One.", ""),
        (0, 1, "Two.", "Hm."),
        (1, 0, "Three.", ""),
    ]
    assert [each.seed for each in found[:2]] == [7, 8]
    assert [len(each.logprobs) for each in found] == [2, len(found[1].completion.ids), 0]


def test_scores_are_its_probabilities() -> None:
    engine = ScriptedEngine()
    prompt, good = engine.tokenize("Say"), engine.tokenize(" yes and no")
    ((first, nothing),) = engine.score([Scoring(prompt, (good, ()))])
    told = engine.probabilities((*prompt, *good), len(prompt))
    assert [math.exp(each) for each in first] == pytest.approx([t.probability for t in told])
    assert nothing == ()
