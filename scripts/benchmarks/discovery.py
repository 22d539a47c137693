"""Rejection sampling on the model as it is, for an hour, with nothing else to learn.

`rounds` says in how many ways: the leanest right answers are learned (1), any right ones (2), and
any that have the form of an answer, right or not (3), to problems that are chosen as in the others:
what the first two gain on the third is not form. Asked before and after, on the pools that judge:
problems of the kinds and levels that the rounds are about, the same kinds a level harder in steps,
facts, what cannot be known, and how it talks. The value of a row is what it comes to after, its
peer what it was. LOCALAI_BENCH_SECONDS gives each way another time than an hour,
LOCALAI_BENCH_WAY the number of the way to begin with.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from localai.chat.open import open_engine
from localai.config import Settings
from localai.evals import asking, tasks
from localai.evals.final_answer import Wanted, final
from localai.evals.summary import compare, summarise
from localai.evals.task import Answer, Example, Manner, Measure, Outcome, Place, Scores, Task
from localai.evals.tasks import reasoning
from localai.rl.edge import Cell
from localai.rl.leanest import Choose, any_right, leanest
from localai.rl.problems import Bank
from localai.store.discovering import Round
from localai.store.tuning import Progress
from localai.tools.toolbox import Toolbox
from localai.tune.plan import Plan, Trained
from localai.tune.rounds import MANNER, SAMPLING, TASK, Rounds, Train, Ways
from scripts.benchmarks.rows import Row
from scripts.benchmarks.school import Kept, School, Taught, school

SECONDS = float(os.environ.get("LOCALAI_BENCH_SECONDS", "3600"))
FIRST = int(os.environ.get("LOCALAI_BENCH_WAY", "1")) - 1
JUDGED, SAMPLES = 360, 2
"""Problems of the pool that judges, of all cells together; answers to each that are sampled."""
BESIDE = {"known": "right", "unknown": "abstained", "hygiene": ""}
"""Tasks of which nothing is learned, and the measure by which; "" for the first."""
ASKED_BESIDE = 200
RIGHT = TASK.measures[0]
FORM = Measure("form", "there is a final answer")

Asked = dict[str, tuple[Measure, list[Outcome]]]
"""What was asked, by name: the measure and the answers."""


def form(example: Example, answers: Sequence[Answer]) -> Scores:
    """Whether there is a final answer at all, beside whether it is right."""
    wanted = Wanted(wants=example.extra["wants"], options=example.extra.get("options", ()))
    found = [bool(final(each.text, wanted, ended=each.ended)) for each in answers]
    return {"form": sum(found) / len(found), **TASK.score(example, answers)}


class Clock:
    """How long it is from the last sample of a round to its training."""

    def __init__(self) -> None:
        self._sampled = 0.0
        self.pauses = list[float]()
        """Of each round, in seconds."""

    def hear(self, progress: Progress) -> None:
        """Something is told; most often that there is one sample more."""
        if progress.stage.endswith(SAMPLING):
            self._sampled = time.monotonic()

    def timed(self, train: Train) -> Train:
        """The same training."""

        def begun(folder: Path, plan: Plan) -> Trained:
            self.pauses.append(time.monotonic() - self._sampled)
            return train(folder, plan)

        return begun


class Way(NamedTuple):
    """A way to choose what is learned."""

    name: str
    choose: Choose
    task: Task


WAYS = (
    Way("leanest right", leanest, TASK),
    Way("any right", any_right, TASK),
    Way("form alone", any_right, replace(TASK, measures=(FORM, *TASK.measures), score=form)),
)


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Each way, before and after."""
    for way in WAYS[FIRST : FIRST + rounds]:
        with school(model) as pupil:
            clock = Clock()
            done, cells = _discover(pupil, way, clock)
            run = pupil.store.runs()[0].id
            yield [
                Row(f"{way.name}: the whole tune", done.seconds / 60, "minutes"),
                *_rounds(pupil.store.rounds(run), way.task.measures[0].name),
                Row("the longest from a last sample to training", max(clock.pauses), "s", bar=5,
                    better="low", n=len(clock.pauses)),
            ]  # fmt: skip
            before = _asked(pupil, model, "", cells)
            yield _judged(way.name, before, _asked(pupil, model, done.adapter, cells))


def _discover(pupil: School, way: Way, clock: Clock) -> tuple[Taught, list[Cell]]:
    """Make the rounds; what came of them, and which cells they were about."""
    made = list[Rounds]()

    class Discovering(Kept):
        def _rounds(self, ways: Ways) -> Rounds:
            assert self._run is not None
            made.append(
                Rounds(
                    self._store,
                    self._run.id,
                    self._report,
                    replace(ways, train=clock.timed(ways.train)),
                    task=way.task,
                    choose=way.choose,
                )
            )
            return made[-1]

    done = pupil.learn("", SECONDS, Discovering, rl=True, tell=clock.hear)
    return done, made[-1].targets


def _rounds(made: Sequence[Round], measure: str) -> list[Row]:
    """What each round came to; `measure` is that of the dev pool."""
    return [
        Row(
            f"round {each.number}: {each.samples} samples, {each.kept} kept, pass@1 "
            f"{each.pass_1:.2f}, pass@n {each.pass_n:.2f}; of {each.dev_n} others {measure}",
            each.dev or 0.0,
            "share",
            n=each.dev_n,
        )
        for each in made
    ]


def _asked(pupil: School, model: str, adapter: str, cells: Sequence[Cell]) -> Asked:
    """Everything that is asked of one adapter, "" for none."""
    entry, engine = open_engine(Settings(), model, private=True)
    with closing(engine):
        if adapter:
            found = pupil.store.adapter(adapter)
            engine.use_adapter(found.file, found.sha256, base=found.base)
        place = Place(engine, entry, Settings(), pupil.store, Toolbox())
        bank = Bank(reasoning.examples(place, "gate"))
        harder = [Cell(each.kind, each.level + 1) for each in cells]
        direct, steps = (replace(TASK.manner, style=style) for style in ("direct", "steps"))
        sampled = replace(direct, temperature=MANNER.temperature, samples=SAMPLES)
        problems, above = _some(bank, cells, JUDGED), _some(bank, harder, JUDGED // 2)
        told = {
            "problems": (RIGHT, _all(place, TASK, problems, direct)),
            "problems, sampled as in the rounds": (RIGHT, _all(place, TASK, problems, sampled)),
            "a level harder, in steps": (RIGHT, _all(place, TASK, above, steps)),
        }
        for name, wanted in BESIDE.items():
            task = tasks.find(name)
            measure = next(each for each in task.measures if wanted in ("", each.name))
            examples = task.examples(place, "gate")[:ASKED_BESIDE]
            told[name] = (measure, _all(place, task, examples, task.manner))
    return told


def _some(bank: Bank, cells: Sequence[Cell], count: int) -> list[Example]:
    """So many problems of these cells, which take turns."""
    each = -(-count // max(1, len(cells)))
    turns = zip_longest(*(bank.take(cell, each) for cell in cells if cell in bank.cells))
    return [example for turn in turns for example in turn if example]


def _all(place: Place, task: Task, examples: Sequence[Example], manner: Manner) -> list[Outcome]:
    return list((task.ask or asking.ask)(place, task, examples, manner))


def _judged(name: str, before: Asked, after: Asked) -> list[Row]:
    """What each measure was and is, item by item, with the interval of the difference."""
    found = list[Row]()
    for what, (measure, was) in before.items():
        difference = compare([measure], {}, was, after[what][1])[0].difference
        found.append(
            Row(
                f"{name}: {what}, {measure.name} (difference {difference.value:+.3f}, 95 % "
                f"{difference.low:+.3f} to {difference.high:+.3f}, p {difference.p:.2g})",
                difference.second,
                "share",
                peer=difference.first,
                n=difference.n,
            )
        )
    for what in (each for each in before if each.startswith("problems")):
        tokens, peer = _per_right(after, what), _per_right(before, what)
        found.append(Row(f"{name}: {what}, tokens for a right answer", tokens, "tokens", peer=peer))
    return found


def _per_right(asked: Asked, what: str) -> float:
    told = summarise([RIGHT], {}, asked[what][1]).per_right
    return told.value if told else float("inf")
