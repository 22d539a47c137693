"""Several generations in one window, and what is left there by those before."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest

from localai.conversation import Completion, Finished
from localai.engine.base import Request
from localai.errors import ContextOverflow, EngineError
from scripts.tiny_models import GENERATES
from tests.engine.running import GREEDY, TALE, Rig, after, opened

pytestmark = pytest.mark.model

WINDOW = 512
NONE: frozenset[int] = frozenset()


@pytest.fixture(scope="module", params=GENERATES)
def wide(request: pytest.FixtureRequest, tiny_model: Callable[[str], Path]) -> Iterator[Rig]:
    """Four sequences in one window."""
    with opened(tiny_model(request.param), WINDOW, n_batch=32, n_seq_max=4) as rig:
        yield rig


@pytest.fixture(autouse=True)
def nothing_in_the_cache(wide: Rig) -> None:
    wide.decoder.reset()


def together(
    rig: Rig, prompts: Sequence[tuple[int, ...]], max_tokens: int = 0
) -> dict[int, Completion]:
    requests = [Request(prompt, GREEDY, max_tokens) for prompt in prompts]
    events = rig.decoder.run(requests, lambda: False, NONE)
    return {index: event.completion for index, event in events if isinstance(event, Finished)}


def books_agree(rig: Rig) -> None:
    for line in rig.decoder.lines:
        assert rig.in_cache(line.sequence) == len(line.ids)


def test_a_window_that_gets_full_ends_them_all_in_peace(wide: Rig) -> None:
    prompts = [wide.ids(TALE)[: 20 + 5 * n] for n in range(4)]
    done = together(wide, prompts)
    room = (WINDOW - sum(map(len, prompts))) // 4
    for completion in done.values():
        full = completion.generated_tokens == room
        assert completion.finish_reason == ("length" if full else "stop")
    assert len(done) == 4
    books_agree(wide)


def test_what_others_left_in_the_window_makes_way(wide: Rig) -> None:
    prompts = [wide.ids(TALE)[n : n + 30] for n in range(4)]
    together(wide, prompts)
    long = (wide.ids(TALE) * 20)[: WINDOW - 10]
    warm = wide.go_on(long, 9).done
    books_agree(wide)
    assert warm.ids
    assert wide.chooses(long, warm.ids)


def test_prompts_that_do_not_fit_together_are_refused(wide: Rig) -> None:
    half = (wide.ids(TALE) * 9)[: WINDOW // 2 - 5]
    with pytest.raises(ContextOverflow):
        together(wide, [half, half, half])
    assert together(wide, [half, half], 2).keys() == {0, 1}


def test_a_second_round_reuses_every_line(wide: Rig) -> None:
    prompts = [wide.ids(TALE)[n : n + 25] for n in range(3)]
    first = together(wide, prompts, 5)
    longer = [(*p, *first[i].ids, *p[:4]) for i, p in enumerate(prompts)]
    warm = together(wide, longer, 8)
    for index, prompt in enumerate(prompts):
        assert warm[index].cached_tokens >= len(prompt) + len(first[index].ids) - 1
    assert all(wide.chooses(prompt, warm[index].ids) for index, prompt in enumerate(longer))


@pytest.mark.parametrize("questions", [1, 2, 4, 30, 80])
def test_a_cancel_ends_all_of_them(wide: Rig, questions: int) -> None:
    prompts = [wide.ids(TALE)[n : n + 30] for n in range(4)]
    requests = [Request(prompt, GREEDY) for prompt in prompts]
    events = wide.decoder.run(requests, after(questions), NONE)
    done = {index: event for index, event in events if isinstance(event, Finished)}
    assert len(done) == 4
    assert {event.completion.finish_reason for event in done.values()} <= {"cancelled", "stop"}
    books_agree(wide)
    again = together(wide, prompts, 12)
    assert all(wide.chooses(prompt, again[n].ids) for n, prompt in enumerate(prompts))


def test_a_failure_while_probabilities_are_read_leaves_it_clean(
    wide: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = wide.ids(TALE)
    decode = type(wide.llama).decode

    def failing(*args: object) -> bool:
        """Only after it has changed the cache."""
        decode(*args)  # type: ignore[arg-type]
        raise EngineError("no")

    monkeypatch.setattr(type(wide.llama), "decode", failing)
    with pytest.raises(EngineError):
        list(wide.decoder.probabilities(prompt, 5))
    monkeypatch.undo()
    books_agree(wide)
    assert wide.chooses(prompt, wide.go_on(prompt).done.ids)


def test_any_history_is_as_good_as_none(wide: Rig) -> None:
    """Rounds of one to four that share beginnings, end early, are cancelled or dropped."""
    draw = random.Random(2)
    words = wide.ids(TALE)
    known: list[tuple[int, ...]] = [words]
    answers: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    for _ in range(40):
        prompts = [grown(draw, draw.choice(known), words) for _ in range(draw.randint(1, 4))]
        requests = [Request(prompt, GREEDY, draw.randint(1, 12)) for prompt in prompts]
        given_up = after(draw.choice([9999, 9999, draw.randint(0, 60)]))
        events = wide.decoder.run(requests, given_up, NONE)
        for index, event in islice(events, draw.choice([9999, draw.randint(0, 25)])):
            if isinstance(event, Finished):
                answers.append((prompts[index], event.completion.ids))
        events.close()
        books_agree(wide)
        known = [*known[-7:], *((*prompt, *ids) for prompt, ids in answers[-2:]), words]
    assert sum(len(ids) for _, ids in answers) > 100
    assert all(wide.chooses(prompt, ids) for prompt, ids in answers)


def grown(draw: random.Random, ids: tuple[int, ...], words: tuple[int, ...]) -> tuple[int, ...]:
    """A beginning of `ids` and something else after it."""
    kept = ids[: draw.randint(1, len(ids))]
    return (*kept, *draw.choices(words, k=draw.randint(0, 30)))[: WINDOW // 4 - 20]


def test_probabilities_do_not_depend_on_the_size_of_a_batch(wide: Rig) -> None:
    prompt = wide.ids(TALE)[:70]
    expected = [row.probability for row in wide.decoder.probabilities(prompt, 1)]
    with opened(Path(wide.llama.options.path), n_batch=8) as small:
        rows = list(small.decoder.probabilities(prompt, 1))
    assert [row.id for row in rows] == list(prompt[1:])
    assert [row.probability for row in rows] == pytest.approx(expected, rel=0.02, abs=1e-6)
