"""The decode loop's limits, events and choices, on tiny models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest

from localai.conversation import Delta, Finished, PromptProgress
from localai.engine.base import ReasoningRule, Request, Sampling
from localai.engine.threads import ThreadCount, Usage
from localai.errors import ContextOverflow, EngineError
from scripts.tiny_models import GENERATES
from tests.engine.running import GREEDY, TALE, Rig, opened

pytestmark = pytest.mark.model

WILD = Sampling(temperature=4.0, top_k=0, top_p=1.0, min_p=0.0)


@pytest.fixture(scope="module", params=GENERATES)
def rig(request: pytest.FixtureRequest, tiny_model: Callable[[str], Path]) -> Iterator[Rig]:
    with opened(tiny_model(request.param)) as rig:
        yield rig


@pytest.fixture(scope="module")
def plain(tiny_model: Callable[[str], Path]) -> Iterator[Rig]:
    with opened(tiny_model("plain")) as rig:
        yield rig


def test_progress_then_text_then_the_end(rig: Rig) -> None:
    rig.decoder.reset()
    ran = rig.go_on(rig.ids(TALE), 20)
    kinds = [type(event) for event in ran.events]
    assert kinds == sorted(kinds, key=[PromptProgress, Delta, Finished].index)
    progress = [event.read for event in ran.events if isinstance(event, PromptProgress)]
    assert progress == [0, len(rig.ids(TALE))]
    assert ran.done.timings.first_token_ms >= ran.done.timings.prompt_ms > 0
    assert ran.done.vocab == rig.tokenizer.vocab_hash


def test_a_full_window_ends_the_answer_and_nothing_else(rig: Rig) -> None:
    prompt = (rig.ids(TALE) * 9)[: rig.llama.n_ctx - 10]
    ends = set()
    for seed in range(30):  # some of them happen to stop by themselves
        done = rig.run(Request(prompt, msgspec.structs.replace(WILD, seed=seed))).done
        assert (done.finish_reason == "length") == (done.generated_tokens == 10)
        ends.add(done.finish_reason)
    assert "length" in ends
    assert rig.go_on(rig.ids(TALE)).done.generated_tokens > 0


def test_a_prompt_that_cannot_fit_is_refused(rig: Rig) -> None:
    too_long = (rig.ids(TALE) * 9)[: rig.llama.n_ctx]
    assert len(too_long) == rig.llama.n_ctx
    with pytest.raises(ContextOverflow, match="256"):
        rig.go_on(too_long)
    with pytest.raises(ContextOverflow):
        list(rig.decoder.probabilities(too_long, 3))
    with pytest.raises(EngineError):
        rig.go_on(())
    assert rig.go_on(too_long[:-1]).done.generated_tokens == 1


def test_tokens_of_control_never_show_and_end_tokens_never_stay(rig: Rig) -> None:
    controls = [text for text, id in rig.tokenizer.control.items() if rig.tokenizer.is_control(id)]
    ends = rig.tokenizer.eog | {rig.tokenizer.bos}
    stopped = 0
    for seed in range(25):
        sampling = msgspec.structs.replace(WILD, seed=seed)
        ran = rig.run(Request(rig.ids(TALE), sampling, 60))
        assert not any(text in ran.text for text in controls)
        assert not ends & set(ran.done.ids)
        stopped += ran.done.finish_reason == "stop"
    assert stopped


@pytest.mark.parametrize("seed", [0, 7, -1, 2**32 - 1, 2**40])
def test_a_seed_repeats_an_answer(rig: Rig, seed: int) -> None:
    request = Request(rig.ids(TALE), Sampling(temperature=1.5, seed=seed, min_p=0.0), 12)
    first = rig.run(request).done.ids
    assert [rig.run(request).done.ids for _ in range(3)] == [first] * 3


def test_without_a_seed_answers_differ(plain: Rig) -> None:
    request = Request(plain.ids(TALE), Sampling(temperature=1.5), 12)
    assert len({plain.run(request).done.ids for _ in range(6)}) > 1


def test_each_sampling_option_narrows_the_choice_to_the_best(plain: Rig) -> None:
    best = plain.go_on(plain.ids(TALE)).done.ids
    for narrow in ({"top_k": 1}, {"top_p": 1e-6}, {"min_p": 0.999999}):
        sampling = msgspec.convert({**msgspec.structs.asdict(WILD), **narrow}, Sampling)
        assert plain.run(Request(plain.ids(TALE), sampling, 12)).done.ids == best


def test_repeating_is_made_less_likely(plain: Rig) -> None:
    def repeats(penalty: float) -> int:
        sampling = Sampling(temperature=0, repeat_penalty=penalty, repeat_last_n=200)
        ids = plain.run(Request(plain.ids(TALE)[:20], sampling, 100)).done.ids
        return len(ids) - len(set(ids))

    assert repeats(3.0) < repeats(1.0)


def test_a_stop_string_over_several_tokens(rig: Rig) -> None:
    whole = rig.go_on_cold(rig.ids(TALE), 40)
    stop = next(
        text
        for at in range(6, len(whole.text))
        if "\ufffd" not in (text := whole.text[at : at + 4])
    )
    rig.decoder.reset()
    ran = rig.run(Request(rig.ids(TALE), GREEDY, 40, stop=(stop,)))
    assert ran.done.finish_reason == "stop"
    assert ran.text == whole.text[: whole.text.index(stop)]
    assert ran.done.ids == whole.done.ids[: len(ran.done.ids)]
    assert rig.chooses(rig.ids(TALE), rig.go_on(rig.ids(TALE), 40).done.ids)


def test_reading_in_small_steps_gives_the_same_text(rig: Rig) -> None:
    prompt = rig.ids(TALE)
    with opened(Path(rig.llama.options.path), n_batch=32) as small:
        ran = small.go_on(prompt, 20)
    steps = [event.read for event in ran.events if isinstance(event, PromptProgress)]
    assert steps == [*range(0, len(prompt), 32), len(prompt)]
    assert ran.done.ids
    assert rig.chooses(prompt, ran.done.ids)


def test_reasoning_over_budget_goes_on_as_an_answer(plain: Rig) -> None:
    rule = ReasoningRule("<think>", "</think>", inside=True, budget=5)
    prompt = plain.ids(TALE)
    ran = plain.run(Request(prompt, GREEDY, 30, reasoning=rule))
    kinds = [event.kind for event in ran.events if isinstance(event, Delta)]
    assert kinds == sorted(kinds)  # reasoning, then text
    assert set(kinds) == {"reasoning", "text"}
    assert ran.done.reasoning_tokens == 5
    assert plain.tokenizer.control["</think>"] in ran.done.ids
    again = plain.go_on((*prompt, *ran.done.ids))
    assert again.done.cached_tokens == len(prompt) + len(ran.done.ids) - 1


def test_the_threads_follow_the_load(plain: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count()
    busy = ThreadCount(4, lambda: Usage(2.0 * next(seconds), 0.0), lambda: 1.0 * next(seconds))
    used: list[int] = []
    monkeypatch.setattr(plain.decoder, "_threads", busy)
    monkeypatch.setattr(plain.llama, "use_threads", used.append)
    plain.go_on(plain.ids(TALE))
    assert used == [2]
