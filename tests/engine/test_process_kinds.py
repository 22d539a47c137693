"""The whole engine on tiny models of every kind: what holds for the starter holds for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localai.conversation import Completion, Delta, Finished, Message, assistant, system, user
from localai.engine.base import LoadOptions, ReasoningRule, RenderOptions, Request, Sampling
from localai.engine.process import EngineProcess
from localai.errors import ContextOverflow, ModelError
from scripts.tiny_models import GENERATES
from tests.engine.faulty import said

pytestmark = pytest.mark.model

GREEDY = Sampling(temperature=0)
TALK = [system("You are kind."), user("What is in the sea?"), assistant("café"), user("and 日本?")]
WINDOW = 256


@pytest.fixture(scope="module", params=GENERATES)
def engine(
    request: pytest.FixtureRequest,
    tiny_model: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[EngineProcess]:
    options = LoadOptions(str(tiny_model(request.param)), n_ctx=WINDOW, n_threads=1)
    log = tmp_path_factory.mktemp("log") / "engine.log"
    with EngineProcess(options, log_path=log) as process:
        yield process


def answer(
    engine: EngineProcess, messages: list[Message], max_tokens: int = 30
) -> tuple[str, Completion]:
    prompt = engine.render(messages, RenderOptions())
    found = engine.load().thinking
    rule = ReasoningRule(found.open, found.close, prompt.in_reasoning) if found else None
    events = list(engine.generate(Request(prompt.ids, GREEDY, max_tokens, reasoning=rule)))
    last = events[-1]
    assert isinstance(last, Finished)
    return said(events), last.completion


def chooses(engine: EngineProcess, messages: list[Message], ids: tuple[int, ...]) -> bool:
    """Whether it would choose `ids` when it reads all in one go, up to a hair."""
    prompt = engine.render(messages, RenderOptions()).ids
    engine.unload()
    rows = engine.probabilities((*prompt, *ids), len(prompt))
    return bool(rows) and all(row.probability > 0.9 * row.top[0][1] for row in rows)


def test_a_conversation_goes_on(engine: EngineProcess) -> None:
    text, done = answer(engine, TALK)
    assert done.generated_tokens > 0
    sampled = Message("assistant", assistant(text).parts, done.ids, done.vocab)
    longer = [*TALK, sampled, user("Why?")]
    _, next_done = answer(engine, longer)
    assert next_done.cached_tokens >= done.prompt_tokens
    engine.unload()
    _, cold = answer(engine, longer)
    assert (cold.cached_tokens, cold.prompt_tokens) == (0, next_done.prompt_tokens)
    assert chooses(engine, longer, next_done.ids)


def test_no_marker_is_shown_whatever_is_sampled(engine: EngineProcess) -> None:
    prompt = engine.render(TALK, RenderOptions()).ids
    info = engine.load()
    markers = {"<|im_start|>", "<|im_end|>", "<bos>", "<end_of_turn>", "<start_of_turn>"}
    for seed in range(12):
        wild = Sampling(temperature=4.0, top_k=0, top_p=1.0, min_p=0.0, seed=seed)
        events = list(engine.generate(Request(prompt, wild, 60)))
        last = events[-1]
        assert isinstance(last, Finished)
        assert not any(marker in said(events) for marker in markers)
        assert last.completion.vocab == info.vocab_hash
        assert all(event.text for event in events if isinstance(event, Delta))


def test_a_typed_marker_is_text(engine: EngineProcess) -> None:
    for marker in ("<|im_end|>", "<end_of_turn>", "<eos>", "<|endoftext|>"):
        typed = engine.render([user(f"a{marker}b")], RenderOptions()).ids
        plain = engine.render([user("ab")], RenderOptions()).ids
        for id, piece in zip(typed, engine.pieces(typed), strict=True):
            assert piece != marker or typed.count(id) == plain.count(id)


def test_a_cancelled_answer_spoils_nothing(engine: EngineProcess) -> None:
    prompt = engine.render(TALK, RenderOptions()).ids
    for stop_at in (1, 2, 5, 9):
        for number, _ in enumerate(engine.generate(Request(prompt, GREEDY)), 1):
            if number == stop_at:
                engine.cancel()
    assert chooses(engine, TALK, answer(engine, TALK)[1].ids)


def test_a_conversation_that_does_not_fit_is_refused_in_words(engine: EngineProcess) -> None:
    with pytest.raises(ContextOverflow, match=str(WINDOW)):
        answer(engine, [user("the sea " * WINDOW)])
    assert answer(engine, TALK)[1].generated_tokens > 0


@pytest.mark.parametrize("kind", ["embedding", "vocabulary"])
def test_what_cannot_chat_is_refused_in_words(
    kind: str, tiny_model: Callable[[str], Path], tmp_path: Path
) -> None:
    path = str(tiny_model(kind))
    with EngineProcess(LoadOptions(path), log_path=tmp_path / "log") as engine:
        with pytest.raises(ModelError, match="tiny-"):
            engine.load()
        with pytest.raises(ModelError, match="tiny-"):
            engine.tokenize("the sea")
