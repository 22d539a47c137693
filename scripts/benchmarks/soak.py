"""Everything the engine does, mixed at random for as many minutes as there are rounds.

Chats, samples, scores, adapters swapped and side by side, answers stopped halfway, caches of
long conversations saved and fetched back. What was greedy or had a seed must come out as it
did at the beginning, by its own adapter; memory must not grow.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import psutil

from localai.conversation import Delta, Finished, user
from localai.engine.base import (
    BARE,
    AdapterFile,
    Job,
    LoadOptions,
    RenderOptions,
    Request,
    Sampling,
    Scores,
    Scoring,
    Side,
)
from localai.engine.beside import beside
from localai.engine.process import EngineProcess
from scripts.benchmarks.adapters import MEGABYTES, RANKS, WINDOW, random_adapter
from scripts.benchmarks.rows import Row

N_CTX = 4096
SHORT, SAMPLES = 16, 4
GREEDY, WARM = Sampling(temperature=0.0), Sampling(temperature=0.8, seed=1)
QUESTIONS = (
    "What is the capital of France?",
    "Name three colours.",
    "Why do ships have sails?",
    "Write a line about the sea.",
)
"""Short, so that they are always read in a small portion: then even rounding is the same."""
STORY = "The keeper lit the lamp again, and the ships came home over a calm grey sea. "
CONVERSATIONS, SENTENCES = 4, 60
MINUTE = 60.0
WARM_UP = 0.2
"""Share of the time after which memory is not to grow any more."""


class Known(NamedTuple):
    """What an adapter says to everything, at the beginning."""

    answers: tuple[str, ...]
    samples: dict[tuple[int, int], str]
    scores: tuple[Scores, ...]


class Soak:
    """The engine under test and what came of it. `found` counts what was done, `wrong` what
    came out otherwise than at the beginning."""

    def __init__(self, engine: EngineProcess, made: list[AdapterFile]) -> None:
        self.engine, self.draw = engine, random.Random(5)
        prompts = [engine.render([user(each)], RenderOptions()).ids for each in QUESTIONS]
        self.asked = [Request(ids, GREEDY, SHORT) for ids in prompts]
        self.jobs = [Job(Request(ids, WARM, SHORT), SAMPLES) for ids in prompts]
        self.scored = [Scoring(ids, (prompts[0], ids[:3])) for ids in prompts]
        # Without a template, so that no question begins as they do.
        self.long = [engine.tokenize(f"{n}. {STORY * SENTENCES}") for n in range(CONVERSATIONS)]
        self.found, self.wrong = Counter[str](), Counter[str]()
        self.known: dict[AdapterFile, Known] = {}
        self.now = BARE
        for each in (BARE, *made):
            self.swap(each)
            answers = tuple(self.answer(engine, request) for request in self.asked)
            self.known[each] = Known(answers, self.sampled(), engine.score(self.scored))
        assert len({each.answers for each in self.known.values()}) == len(self.known)

    def act(self) -> None:
        """Something of all that."""
        acts: tuple[Callable[[], None], ...] = (
            self.chat,
            self.chat,
            self.sample,
            self.score,
            self.stop,
            self.side_by_side,
            self.go_on_with_a_long_one,
            lambda: self.swap(self.draw.choice(list(self.known))),
        )
        act = self.draw.choice(acts)
        act()

    def swap(self, adapter: AdapterFile) -> None:
        """Let another adapter answer."""
        self.engine.use_adapter(adapter.path, adapter.sha256)
        self.now = adapter
        self.found["swaps"] += 1

    def chat(self) -> None:
        """Ask something."""
        at = self.draw.randrange(len(self.asked))
        self._check("chats", self.answer(self.engine, self.asked[at]), self._own.answers[at])

    def sample(self) -> None:
        """All samples, or some; sometimes with a chat in between."""
        some = self.draw.randrange(1, SAMPLES * len(self.jobs) + 1)
        with closing(self.engine.sample(self.jobs)) as samples:
            for _ in range(some):
                each = next(samples)
                self._check("samples", each.text, self._own.samples[each.job, each.sample])
                if self.draw.random() < 0.1:
                    self.chat()

    def score(self) -> None:
        """Score texts."""
        self._check("scores", self.engine.score(self.scored), self._own.scores)

    def stop(self) -> None:
        """Stop an answer while it is read or written, in one of two ways."""
        with closing(self.engine.generate(Request(self.draw.choice(self.long), GREEDY))) as events:
            for _ in range(self.draw.randrange(1, 8)):
                next(events)
            if self.draw.random() < 0.5:
                self.engine.cancel()
                *_, last = events
                assert isinstance(last, Finished)
        self.found["stops"] += 1

    def side_by_side(self) -> None:
        """Ask another adapter without a swap."""
        other = self.draw.choice([each for each in self.known if each.path])
        at = self.draw.randrange(len(self.asked))
        with beside(self.engine, other, WINDOW) as tuned:
            self._check("answers beside", self.answer(tuned, self.asked[at]),
                        self.known[other].answers[at])  # fmt: skip
            self.chat()

    def go_on_with_a_long_one(self) -> None:
        """Fetch the cache of a conversation, or read it; then have it saved."""
        events = list(self.engine.generate(Request(self.draw.choice(self.long), GREEDY, SHORT)))
        last = events[-1]
        assert isinstance(last, Finished)
        self.found["long prompts"] += 1
        self.found["of them not read again"] += last.completion.cached_tokens > 100
        self.engine.keep()
        self.found["saves"] += 1

    def answer(self, side: Side, request: Request) -> str:
        """The text of a generation."""
        return "".join(each.text for each in side.generate(request) if isinstance(each, Delta))

    def sampled(self) -> dict[tuple[int, int], str]:
        """All samples by job and number."""
        return {(each.job, each.sample): each.text for each in self.engine.sample(self.jobs)}

    @property
    def _own(self) -> Known:
        return self.known[self.now]

    def _check(self, what: str, found: object, known: object) -> None:
        self.found[what] += 1
        self.wrong[what] += found != known


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """What was done in as many minutes, what of it was wrong, and the engine's memory."""
    with tempfile.TemporaryDirectory() as folder:
        made = [random_adapter(model, Path(folder), rank) for rank in RANKS]
        options = LoadOptions(
            model, n_ctx=N_CTX, kv_folder=str(Path(folder) / "kv"), kv_disk=200_000_000
        )
        with EngineProcess(options) as engine:
            soak, first = Soak(engine, made), engine.pid
            sizes = run(soak, psutil.Process(first), rounds * MINUTE)
            assert engine.pid == first, "the engine died"
    settled = sizes[int(WARM_UP * len(sizes)) :]
    tenth = max(1, len(settled) // 10)
    before, after = statistics.median(settled[:tenth]), statistics.median(settled[-tenth:])
    counted = [Row(name, count, "times") for name, count in sorted(soak.found.items())]
    yield counted
    yield [
        Row("otherwise than at the beginning", sum(soak.wrong.values()), "times", bar=0,
            better="low", n=sum(soak.found[name] for name in soak.wrong)),
        Row("memory at the end / after the warm-up", after, "MB", before, after / before,
            bar=1.02, better="low", n=len(settled)),
    ]  # fmt: skip


def run(soak: Soak, process: psutil.Process, seconds: float) -> list[float]:
    """Act for so long; the engine's memory in megabytes after each act."""
    until, sizes = time.monotonic() + seconds, list[float]()
    while time.monotonic() < until:
        soak.act()
        sizes.append(process.memory_info().rss / MEGABYTES)
    return sizes
