"""The decode loop with the starter model: sense, not only behaviour."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from localai.context_window import KvType
from localai.conversation import Message, Text, system, user
from localai.engine.base import Job, RenderOptions, Request, Sampled, Sampling
from localai.engine.sampling_context import SamplingContext
from localai.render.tokens import Renderer
from tests.engine.running import GREEDY, Ran, Rig, opened

pytestmark = pytest.mark.model

SYSTEM = system("You are a helpful assistant.")
QUESTIONS = ("What is the capital of France?", "And of Japan?", "Write one line about the sea.")


class Chat(Rig):
    """A rig that renders as the engine does."""

    def __init__(self, rig: Rig) -> None:
        self.llama, self.decoder, self.tokenizer = rig.llama, rig.decoder, rig.tokenizer
        self.renderer = Renderer(rig.llama.template, rig.tokenizer)

    def prompt(self, messages: list[Message]) -> tuple[int, ...]:
        return self.renderer.render(messages, RenderOptions()).ids

    def answer(self, messages: list[Message], n: int = 24) -> Ran:
        return self.run(Request(self.prompt(messages), GREEDY, n))


@pytest.fixture(scope="module")
def chat(starter_model: Path) -> Iterator[Chat]:
    with opened(starter_model, n_ctx=1024) as rig:
        yield Chat(rig)


def test_a_conversation_is_read_once_and_answered_with_sense(chat: Chat) -> None:
    messages, read = [SYSTEM], 0
    for question in QUESTIONS:
        messages.append(user(question))
        prompt = chat.prompt(messages)
        ran = chat.answer(messages)
        assert "<|" not in ran.text
        assert ran.done.cached_tokens >= max(0, read - 1)
        read = len(prompt) + len(ran.done.ids)
        # Kernels differ with the size of a batch, so what was best by a hair may change.
        chat.decoder.reset()
        for row in chat.decoder.probabilities((*prompt, *ran.done.ids), len(prompt)):
            assert row.probability > 0.5 * row.top[0][1]
        chat.go_on((*prompt, *ran.done.ids), 1)
        parts = (Text(ran.text),)
        messages.append(Message("assistant", parts, ran.done.ids, ran.done.vocab))
    assert "Paris" in messages[2].text


def test_an_answer_stops_by_itself_where_the_file_says_so(chat: Chat) -> None:
    ran = chat.answer([SYSTEM, user(QUESTIONS[0])], 64)
    assert ran.done.finish_reason == "stop"
    assert not chat.tokenizer.eog & set(ran.done.ids)


def test_a_seed_repeats_a_sampled_answer(chat: Chat) -> None:
    def sampled(seed: int) -> tuple[int, ...]:
        prompt = chat.prompt([SYSTEM, user(QUESTIONS[2])])
        chat.decoder.reset()  # what is read in other portions is not the same to the last bit
        return chat.run(Request(prompt, Sampling(temperature=1.2, seed=seed), 16)).done.ids

    assert sampled(3) == sampled(3)
    assert len({sampled(seed) for seed in range(4)}) > 1


def test_the_likely_word_is_likely(chat: Chat) -> None:
    ids = chat.ids("The capital of France is Paris")
    paris = next(chat.decoder.probabilities(ids, len(ids) - 1))
    assert paris.text == " Paris"
    assert paris.probability > 0.1


@pytest.mark.parametrize(("kv_type", "word"), [("q8_0", "Paris"), ("q4_0", "France")])
def test_a_quantised_cache_still_makes_sense(
    starter_model: Path, kv_type: KvType, word: str
) -> None:
    with opened(starter_model, n_ctx=512, kv_type=kv_type) as rig:
        assert word in Chat(rig).answer([SYSTEM, user(QUESTIONS[0])]).text


def test_probabilities_are_those_of_one_token_at_a_time(chat: Chat) -> None:
    """So that a text that was sampled is scored as it was sampled."""
    ids = chat.ids("The keeper lit the lamp again, and nobody at sea knew of it. " * 9)
    assert len(ids) > 2 * 64
    chat.decoder.reset()
    together = [row.probability for row in chat.decoder.probabilities(ids, 1)]
    with opened(Path(chat.llama.options.path), n_ctx=256, n_batch=1) as slow:
        single = [row.probability for row in slow.decoder.probabilities(ids, 1)]
    assert together == pytest.approx(single, rel=0.01)


def test_samples_side_by_side_are_those_of_one_by_one(chat: Chat) -> None:
    """To the token, whatever shares the batch, joins or leaves it: decision 14."""
    jobs = []
    for at, question in enumerate(QUESTIONS):
        sampling = GREEDY if at == 0 else Sampling(temperature=1.2, seed=at)
        request = Request(chat.prompt([SYSTEM, user(question)]), sampling, 8 + 5 * at)
        jobs.append(Job(request, 1 + 3 * at, logprobs=True))
    beside = SamplingContext()
    beside.begin(chat.llama, jobs, frozenset())
    found: list[Sampled] = []
    while beside.left:
        found += beside.go_on(0.0)
    assert len({each.completion.ids for each in found}) > 8
    for each in found:
        request = jobs[each.job].request
        sampling = replace(request.sampling, seed=each.seed)
        chat.decoder.reset()
        alone = chat.run(replace(request, sampling=sampling))
        assert (each.completion.ids, each.text) == (alone.done.ids, alone.text)
        rows = chat.decoder.probabilities((*request.ids, *each.completion.ids), len(request.ids))
        assert each.logprobs == pytest.approx([math.log(row.probability) for row in rows], abs=1e-3)
