"""Evaluations: the same answers each time, and how fast beside the bare sampler.

The peer gives the very same requests to the sampler and does nothing else; an evaluation also
renders, reads answers, scores them, and writes each into a database on disk. How often a comparison
finds a difference is computed in `tests/evals/test_stats.py`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from localai.chat.open import open_session
from localai.chat.prompt import system_text
from localai.config import Settings, ToolSettings
from localai.conversation import system, user
from localai.engine.base import Job, RenderOptions, Request, Sampling
from localai.evals import running
from localai.evals.running import Plan
from localai.evals.task import (
    Answer,
    Example,
    Manner,
    Measure,
    Outcome,
    Place,
    Pool,
    Scores,
    Task,
)
from localai.store.store import Store
from localai.store.tuning import Progress
from localai.tune.items import general
from scripts.benchmarks.rows import Row, paired, share

QUESTIONS, TOKENS = 60, 96
AGAIN = 2
"""How often more the same is asked."""

GREEDY = Sampling(temperature=0.0, seed=0)
ASKED = tuple(item.talk[-1].text for item in general("")[:QUESTIONS])


def examples(place: Place, pool: Pool) -> Sequence[Example]:
    """The gate's general questions."""
    return [Example(id=f"{at:02}", question=text) for at, text in enumerate(ASKED)]


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """Whether it ended; nobody minds what was said."""
    return {"ended": float(answers[0].ended)}


def task(*, tools: bool = False) -> Task:
    """What is asked."""
    return Task(
        name="general",
        about="General questions.",
        measures=(Measure("ended", "ended by itself"),),
        examples=examples,
        score=score,
        manner=Manner(max_tokens=TOKENS),
        tools=tools,
    )


def evaluated(place: Place, task: Task) -> tuple[float, tuple[Outcome, ...]]:
    """Tokens/s of one whole evaluation, and its outcomes."""
    began = time.perf_counter()
    done = running.run(place, Plan(task=task, manner=task.manner), None, _quiet)
    seconds = time.perf_counter() - began
    found = running.outcomes(place.store, done.id)
    return sum(answer.tokens for each in found for answer in each.answers) / seconds, found


def sampled(place: Place) -> tuple[float, list[tuple[int, ...]]]:
    """Tokens/s of the sampler alone, and the ids of the answers in the order of the questions."""
    own = system_text(place.settings, place.entry.description)
    head = [system(own)] if own else []
    prompts = [place.engine.render([*head, user(text)], RenderOptions()).ids for text in ASKED]
    jobs = [Job(Request(ids, GREEDY, TOKENS)) for ids in prompts]
    began = time.perf_counter()
    found = {each.job: each.completion.ids for each in place.engine.sample(jobs)}
    seconds = time.perf_counter() - began
    return sum(map(len, found.values())) / seconds, [found[at] for at in sorted(found)]


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Exactness, then speed."""
    settings = Settings(tools=ToolSettings(offer="on"))
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder) / "localai.db") as store,
        closing(open_session(store, settings, model=model, private=True)) as session,
    ):
        place = running.place_of(session)
        yield agreement(place)
        ours, bare = list[float](), list[float]()
        for _ in range(rounds):
            ours.append(evaluated(place, task())[0])
            bare.append(sampled(place)[0])
        yield [paired("evaluation / sampler alone", "tokens/s", ours, bare, bar=0.85)]


def agreement(place: Place) -> list[Row]:
    """How many greedy answers are the same again; how many are the sampler's own."""
    found = []
    for name, asked in (("", task()), (" with tools", task(tools=True))):
        first = _ids(evaluated(place, asked)[1])
        for _ in range(AGAIN):
            again = _ids(evaluated(place, asked)[1])
            same = [one == other for one, other in zip(first, again, strict=True)]
            found.append(share(f"answers{name}: the same a second time", same, bar=1.0))
        if not asked.tools:
            alone = sampled(place)[1]
            same = [one == other for one, other in zip(first, alone, strict=True)]
            found.append(share("answers: the sampler's own", same, bar=1.0))
    return found


def _ids(found: Sequence[Outcome]) -> list[tuple[int, ...]]:
    return [each.answers[0].ids for each in found]


def _quiet(progress: Progress) -> None:
    """Nobody looks."""
