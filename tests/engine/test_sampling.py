"""Many samples side by side on tiny models of every kind: each as good as one by itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from localai.engine.base import AdapterFile, Job, Request, Sampled, Sampling, Scoring
from localai.engine.llama import Abort, Llama
from localai.engine.llama_adapter import LlamaAdapter
from localai.engine.sampling_context import SamplingContext
from localai.engine.scoring_context import ScoringContext
from localai.errors import ContextOverflow, EngineError
from scripts.tiny_models import GENERATES
from tests.engine.running import GREEDY, TALE, Rig, in_cache, opened, scores
from tests.engine.tiny_adapter import write_adapter

pytestmark = pytest.mark.model

NONE: frozenset[int] = frozenset()
Rows = Sequence[tuple[int, int, int, bool]]


@pytest.fixture(scope="module", params=GENERATES)
def rig(request: pytest.FixtureRequest, tiny_model: Callable[[str], Path]) -> Iterator[Rig]:
    with opened(tiny_model(request.param), n_ctx=2048, n_batch=64) as rig:
        yield rig


@pytest.fixture
def plain(tiny_model: Callable[[str], Path]) -> Iterator[Rig]:
    with opened(tiny_model("plain"), n_batch=64) as rig:
        yield rig


def sampled(rig: Rig, *jobs: Job) -> list[Sampled]:
    """All samples, in the order in which they end; the books are right at every step."""
    beside = SamplingContext()
    beside.begin(rig.llama, jobs, NONE)
    found: list[Sampled] = []
    while beside.left:
        found += beside.go_on(0.0)
        books_agree(beside, rig)
    beside.end()
    asked = [(at, sample) for at, job in enumerate(jobs) for sample in range(job.n)]
    assert sorted((each.job, each.sample) for each in found) == asked
    return found


def books_agree(beside: SamplingContext, chat: Rig) -> None:
    """What is noted of every sequence is what llama.cpp has of it, and all of them together
    take twice the chat's window at most."""
    run, llama = beside._run, beside._llama
    if run is None or llama is None:
        return
    for line in run._lines:
        assert in_cache(llama, line.sequence) == len(line.ids)
    assert llama.n_ctx * llama.options.n_seq_max <= 2 * chat.llama.n_ctx


def jobs_of(rig: Rig, draw: random.Random, count: int) -> list[Job]:
    """Jobs of all lengths that share beginnings."""
    words = rig.ids(TALE)
    made = []
    for _ in range(count):
        prompt = (*words[: draw.randint(1, 40)], *draw.choices(words, k=draw.randint(0, 30)))
        made.append(Job(Request(prompt, GREEDY, draw.randint(1, 30)), draw.randint(1, 6)))
    return made


def test_every_greedy_sample_is_what_the_model_would_have_chosen(rig: Rig) -> None:
    jobs = jobs_of(rig, random.Random(3), 9)
    found = sampled(rig, *jobs)
    for each in found:
        request = jobs[each.job].request
        assert each.text == rig.text(each.completion.ids)
        assert each.completion.generated_tokens <= request.max_tokens
        assert rig.chooses(request.ids, each.completion.ids)
    assert sum(each.completion.cached_tokens for each in found)


def test_the_chats_cache_is_left_alone(rig: Rig) -> None:
    prompt = rig.ids(TALE)
    rig.go_on_cold(prompt)
    held = rig.in_cache()
    sampled(rig, Job(Request(prompt[:30], GREEDY, 9), 3))
    assert rig.in_cache() == held == len(rig.decoder.line.ids)


def test_each_sample_has_a_seed_that_repeats_it(plain: Rig) -> None:
    wild = Sampling(temperature=2.0, top_k=0, top_p=1.0, min_p=0.0)
    for seed in (7, None):
        request = Request(plain.ids(TALE)[:20], msgspec.structs.replace(wild, seed=seed), 12)
        found = sampled(plain, Job(request, 5))
        assert len({each.seed for each in found}) == 5
        assert len({each.completion.ids for each in found}) > 1
        assert seed is None or sorted(each.seed for each in found) == list(range(7, 12))
        for each in found:
            own = msgspec.structs.replace(wild, seed=each.seed)
            plain.decoder.reset()
            alone = plain.run(msgspec.structs.replace(request, sampling=own)).done.ids
            assert alone[:3] == each.completion.ids[:3]


def test_log_probabilities_are_those_of_the_texts(rig: Rig) -> None:
    request = Request(rig.ids(TALE)[:25], Sampling(temperature=1.5, seed=1), 10)
    found = sampled(rig, Job(request, 4, logprobs=True))
    asked = [Scoring(request.ids, (each.completion.ids, each.completion.ids[:2])) for each in found]
    for each, (whole, beginning) in zip(found, scores(rig.llama, asked), strict=True):
        assert len(each.logprobs) == len(each.completion.ids) == len(whole)
        assert whole == pytest.approx(each.logprobs, abs=0.05)
        assert beginning == pytest.approx(whole[:2], abs=0.05)
    assert sampled(rig, Job(request))[0].logprobs == ()


def test_scores_are_the_probabilities_of_one_text_at_a_time(rig: Rig) -> None:
    draw, words = random.Random(4), rig.ids(TALE)
    questions = []
    for _ in range(8):
        prompt = (*words[: draw.randint(1, 30)], *draw.choices(words, k=draw.randint(0, 9)))
        texts = tuple(
            tuple(draw.choices(words, k=draw.randint(0, 12))) for _ in range(draw.randint(0, 20))
        )
        questions.append(Scoring(prompt, texts))
    rig.decoder.reset()
    for question, found in zip(questions, scores(rig.llama, questions), strict=True):
        assert len(found) == len(question.continuations)
        for text, values in list(zip(question.continuations, found, strict=True))[:3]:
            whole = (*question.prompt, *text)
            rows = rig.decoder.probabilities(whole, len(question.prompt))
            expected = [row.probability for row in rows]
            assert [2.718281828**value for value in values] == pytest.approx(
                expected, rel=0.05, abs=1e-6
            )


def test_a_prompt_is_read_again_where_a_sliding_window_has_let_go_of_its_beginning(
    plain: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, llama, read = plain.ids(TALE), type(plain.llama), list[int]()
    decode = llama.decode

    def watched(self: Llama, rows: Rows, abort: Abort | None = None) -> bool:
        read.extend(position for _, position, _, logits in rows if not logits)
        return decode(self, rows, abort)

    monkeypatch.setattr(llama, "decode", watched)
    questions = [Scoring(words[:21], ((7,),)), Scoring(words[:10], ((7,),))]
    scores(plain.llama, questions)
    assert read == [*range(20)]
    read.clear()
    monkeypatch.setattr(llama, "first_position", lambda *_: 5)
    scores(plain.llama, questions)
    assert read == [*range(20), *range(9)]


def test_scoring_pauses_after_every_decode(plain: Rig) -> None:
    """So that a chat need not wait for all of it."""
    words, context = plain.ids(TALE), ScoringContext()
    context.begin(plain.llama, [Scoring(words[:20], ((7,) * 40,)), Scoring(words[:9], ())])
    at_once = [context.go_on(0.0) for _ in range(4)]
    assert [len(found) for found in at_once] == [0, 0, 0, 1]
    assert context.left
    assert context.go_on(1.0) == ((),)
    assert not context.left


def test_a_window_for_one_makes_them_wait_and_no_more(plain: Rig) -> None:
    """What all may write is several windows; each may fill one alone."""
    prompts = [plain.ids(TALE)[n : n + 20] for n in range(6)]
    found = sampled(plain, *(Job(Request(prompt, GREEDY), 3) for prompt in prompts))
    for each in found:
        room = plain.llama.n_ctx - 20
        full = each.completion.generated_tokens == room
        assert each.completion.finish_reason == ("length" if full else "stop")


@pytest.mark.parametrize(
    ("jobs", "n", "tokens", "places"),
    [(1, 32, 60, 32), (32, 1, 60, 32), (9, 8, 60, 60), (4, 8, 600, 17), (4, 8, 4000, 2)],
)
def test_as_many_run_side_by_side_as_twice_the_chats_window_holds(
    tiny_model: Callable[[str], Path], jobs: int, n: int, tokens: int, places: int
) -> None:
    with opened(tiny_model("plain"), n_ctx=8192) as rig:
        beside = SamplingContext()
        asked = Job(Request(rig.ids(TALE)[:20], GREEDY, tokens), n)
        beside.begin(rig.llama, [asked] * jobs, NONE)
        assert beside._run is not None
        assert len(beside._run._places) == places
        books_agree(beside, rig)
        beside.end()


def test_what_cannot_be_done_is_refused_before_anything_is_read(plain: Rig) -> None:
    beside = SamplingContext()
    long = (plain.ids(TALE) * 9)[: plain.llama.n_ctx]
    for ids, error in (((), EngineError), (long, ContextOverflow)):
        with pytest.raises(error):
            beside.begin(plain.llama, [Job(Request(ids))], NONE)
        with pytest.raises(error):
            scores(plain.llama, [Scoring(ids, ((1,),))])
    assert not beside.left
    with pytest.raises(EngineError, match="interrupted"):
        beside.go_on(0.0)
    assert sampled(plain) == sampled(plain, Job(Request(long[:9]), 0)) == []
    assert scores(plain.llama, []) == ()


def test_a_context_that_cannot_have_the_adapter_is_freed(
    plain: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, closed = tmp_path / "a.gguf", list[Llama]()
    plain.adapters.put_on(
        plain.llama, plain.decoder, AdapterFile(str(path), write_adapter(path), 0.5)
    )
    attach, close = Llama.attach, Llama.close

    def refuse(self: Llama, adapter: LlamaAdapter | None, scale: float = 1.0) -> None:
        if adapter is not None:
            raise EngineError("no")
        attach(self, adapter, scale)

    def watched(self: Llama) -> None:
        close(self)
        closed.append(self)

    with monkeypatch.context() as broken:
        broken.setattr(Llama, "attach", refuse)
        broken.setattr(Llama, "close", watched)
        with pytest.raises(EngineError):
            scores(plain.llama, [Scoring((1, 2), ((3,),))])
    assert [each.context for each in closed] == [None]
    assert plain.llama.adapter is not None
    assert plain.llama.adapter.users == 1
    assert len(sampled(plain, Job(Request(plain.ids(TALE), GREEDY, 5), 2))) == 2
    assert plain.llama.adapter.users == 1


def test_a_failure_ends_the_run_and_harms_nobody(
    plain: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, job = SamplingContext(), Job(Request(plain.ids(TALE), GREEDY, 20), 3)
    beside.begin(plain.llama, [job], NONE)
    beside.go_on(0.0)

    def refuse(*_: object) -> bool:
        raise EngineError("no")

    with monkeypatch.context() as broken:
        broken.setattr(type(plain.llama), "decode", refuse)
        with pytest.raises(EngineError):
            beside.go_on(0.0)
    assert not beside.left
    assert plain.chooses(plain.ids(TALE), plain.go_on(plain.ids(TALE)).done.ids)
    assert len(sampled(plain, job)) == 3
