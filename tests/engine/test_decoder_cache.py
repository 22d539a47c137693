"""Whatever was in the cache, the text is the one of a cold start. On every kind of model."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from localai.conversation import Delta, Event
from localai.engine.base import Request
from localai.engine.llama_adapter import LlamaAdapter
from localai.errors import EngineError
from scripts.tiny_models import GENERATES
from tests.engine.running import GREEDY, TALE, Rig, opened

pytestmark = pytest.mark.model


@pytest.fixture(scope="module", params=GENERATES)
def rig(request: pytest.FixtureRequest, tiny_model: Callable[[str], Path]) -> Iterator[Rig]:
    with opened(tiny_model(request.param)) as rig:
        yield rig


@pytest.fixture(autouse=True)
def nothing_in_the_cache(rig: Rig) -> None:
    rig.decoder.reset()


def test_a_next_turn_reads_only_what_is_new(rig: Rig) -> None:
    first = rig.go_on(rig.ids(TALE))
    turn = (*rig.ids(TALE), *first.done.ids, *rig.ids(" and what is in the sea?"))
    warm = rig.go_on(turn)
    # The last token that was sampled has not been decoded.
    assert warm.done.cached_tokens >= len(rig.ids(TALE)) + len(first.done.ids) - 1
    assert warm.done.prompt_tokens == len(turn)
    assert warm.done.ids
    assert rig.chooses(turn, warm.done.ids)


def test_the_same_prompt_again_gives_the_same_answer(rig: Rig) -> None:
    prompt = rig.ids(TALE)
    first = rig.go_on(prompt)
    again = rig.go_on(prompt)
    assert again.done.cached_tokens == (len(prompt) - 1 if rig.llama.partial else 0)
    for ran in (first, again):
        assert ran.text == rig.text(ran.done.ids)
        assert rig.chooses(prompt, ran.done.ids)


def test_a_branch_keeps_what_is_shared(rig: Rig) -> None:
    prompt = rig.ids(TALE)
    rig.go_on(prompt)
    branch = (*prompt[:30], *rig.ids(" 日本 is what"))
    warm = rig.go_on(branch)
    if rig.llama.partial:
        assert warm.done.cached_tokens >= 30
    else:
        assert warm.done.cached_tokens == 0
    assert warm.done.ids
    assert rig.chooses(branch, warm.done.ids)


def test_another_adapter_shares_nothing(rig: Rig) -> None:
    prompt = rig.ids(TALE)
    rig.go_on(prompt)
    rig.llama.adapter = cast(LlamaAdapter, SimpleNamespace(sha256="another"))
    try:
        assert rig.go_on((*prompt, *prompt)).done.cached_tokens == 0
    finally:
        rig.llama.adapter = None


def test_any_history_is_as_good_as_none(rig: Rig) -> None:
    draw = random.Random(5)
    words = rig.ids(TALE)
    prompts: list[tuple[int, ...]] = [words]
    for _ in range(12):
        base = draw.choice(prompts)
        kept = base[: draw.randint(1, len(base))]
        prompts.append((*kept, *draw.choices(words, k=draw.randint(0, 20)))[:160])
    warm = [rig.go_on(prompt, draw.randint(1, 9)).done.ids for prompt in prompts]
    assert sum(map(len, warm)) > len(prompts)
    assert all(map(rig.chooses, prompts, warm))


def test_the_books_agree_with_llama_cpp_however_it_ends(rig: Rig) -> None:
    prompt = rig.ids(TALE)
    draw = random.Random(7)
    for _ in range(20):
        take(rig, (*prompt, *prompt[: draw.randint(0, 30)]), draw.randint(0, 9))
        assert rig.in_cache() == len(rig.decoder.line.ids)
    assert rig.chooses(prompt, rig.go_on(prompt).done.ids)


def take(rig: Rig, ids: tuple[int, ...], events: int) -> list[Event]:
    """The first events of a generation, which is then dropped."""
    stream = rig.decoder.generate(Request(ids, GREEDY), lambda: False, frozenset())
    taken = [event for event, _ in zip(stream, range(events), strict=False)]
    stream.close()
    return taken


def after(questions: int) -> Callable[[], bool]:
    """Says yes when it was asked so often."""
    asked = count()
    return lambda: next(asked) >= questions


def test_a_cancel_while_llama_cpp_reads_leaves_it_clean(rig: Rig) -> None:
    prompt = rig.ids(TALE)
    for questions in range(1, 40, 3):
        rig.decoder.reset()
        ran = rig.run(Request(prompt, GREEDY, 12), after(questions))
        assert ran.done.finish_reason == "cancelled"
        assert rig.in_cache() == len(rig.decoder.line.ids)
        assert rig.chooses(prompt, rig.go_on(prompt).done.ids)


def test_a_failure_leaves_it_clean(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = rig.ids(TALE)
    decode = rig.llama.decode
    for calls in range(4):
        due = after(calls)

        def failing(*args: Any, due: Callable[[], bool] = due) -> bool:
            if due():
                raise EngineError("no")
            return decode(*args)

        monkeypatch.setattr(rig.llama, "decode", failing)
        with pytest.raises(EngineError):
            rig.go_on(prompt)
        monkeypatch.undo()
        assert rig.in_cache() == len(rig.decoder.line.ids) == 0
        assert rig.chooses(prompt, rig.go_on(prompt).done.ids)
        rig.decoder.reset()


def test_probabilities_agree_with_the_choice_and_do_not_disturb(rig: Rig) -> None:
    prompt = rig.ids(TALE)
    ran = rig.go_on(prompt)
    whole = (*prompt, *ran.done.ids)
    rows = list(rig.decoder.probabilities(whole, len(prompt)))
    assert tuple(row.id for row in rows) == ran.done.ids
    for row in rows:
        assert row.probability == pytest.approx(row.top[0][1])
        assert 0 < sum(p for _, p in row.top) <= 1 + 1e-5
        assert row.text == row.top[0][0]
    assert rig.in_cache() == len(rig.decoder.line.ids)
    assert rig.chooses(prompt, rig.go_on(prompt).done.ids)
    everything = list(rig.decoder.probabilities(whole, 0))
    assert len(everything) == len(whole) - 1
    assert everything[-1].probability == pytest.approx(rows[-1].probability, rel=0.02)


def test_a_token_is_worth_at_most_one_delta(rig: Rig) -> None:
    ran = rig.go_on(rig.ids(TALE), 60)
    deltas = [event for event in ran.events if isinstance(event, Delta)]
    assert all(delta.text and delta.tokens >= 0 for delta in deltas)
    assert sum(delta.tokens for delta in deltas) <= ran.done.generated_tokens
