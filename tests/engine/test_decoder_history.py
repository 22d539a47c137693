"""One generation after the other, and what is left in the cache by those before."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from localai.conversation import Finished
from localai.engine.base import Request
from localai.errors import EngineError
from scripts.tiny_models import GENERATES
from tests.engine.running import GREEDY, TALE, Rig, after, opened

pytestmark = pytest.mark.model

WINDOW = 512
NONE: frozenset[int] = frozenset()


@pytest.fixture(scope="module", params=GENERATES)
def rig(request: pytest.FixtureRequest, tiny_model: Callable[[str], Path]) -> Iterator[Rig]:
    """A small batch, so that a prompt takes several."""
    with opened(tiny_model(request.param), WINDOW, n_batch=32) as rig:
        yield rig


@pytest.fixture(autouse=True)
def nothing_in_the_cache(rig: Rig) -> None:
    rig.decoder.reset()


def books_agree(rig: Rig) -> None:
    assert rig.in_cache() == len(rig.decoder.line.ids)


def test_a_failure_while_probabilities_are_read_leaves_it_clean(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = rig.ids(TALE)
    decode = type(rig.llama).decode

    def failing(*args: object) -> bool:
        """Only after it has changed the cache."""
        decode(*args)  # type: ignore[arg-type]
        raise EngineError("no")

    monkeypatch.setattr(type(rig.llama), "decode", failing)
    with pytest.raises(EngineError):
        list(rig.decoder.probabilities(prompt, 5))
    monkeypatch.undo()
    books_agree(rig)
    assert rig.chooses(prompt, rig.go_on(prompt).done.ids)


def test_any_history_is_as_good_as_none(rig: Rig) -> None:
    """Requests that share beginnings, end early, are cancelled or dropped."""
    draw = random.Random(2)
    words = rig.ids(TALE)
    known: list[tuple[int, ...]] = [words]
    answers: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    for _ in range(80):
        prompt = grown(draw, draw.choice(known), words)
        given_up = after(draw.choice([9999, 9999, draw.randint(0, 30)]))
        request = Request(prompt, GREEDY, draw.randint(1, 12))
        events = rig.decoder.generate(request, given_up, NONE)
        for event in islice(events, draw.choice([9999, 9999, draw.randint(0, 12)])):
            if isinstance(event, Finished):
                answers.append((prompt, event.completion.ids))
        events.close()
        books_agree(rig)
        known = [*known[-7:], *((*prompt, *ids) for prompt, ids in answers[-2:]), words]
    assert sum(len(ids) for _, ids in answers) > 100
    assert all(rig.chooses(prompt, ids) for prompt, ids in answers)


def grown(draw: random.Random, ids: tuple[int, ...], words: tuple[int, ...]) -> tuple[int, ...]:
    """A beginning of `ids` and something else after it."""
    kept = ids[: draw.randint(1, len(ids))]
    return (*kept, *draw.choices(words, k=draw.randint(0, 30)))[: WINDOW - 20]


def test_probabilities_do_not_depend_on_the_size_of_a_batch(rig: Rig) -> None:
    prompt = rig.ids(TALE)[:70]
    expected = [row.probability for row in rig.decoder.probabilities(prompt, 1)]
    with opened(Path(rig.llama.options.path), n_batch=8) as small:
        rows = list(small.decoder.probabilities(prompt, 1))
    assert [row.id for row in rows] == list(prompt[1:])
    assert [row.probability for row in rows] == pytest.approx(expected, rel=0.02, abs=1e-6)
