"""Rounds of rejection sampling around the training.

Sample with what was trained last, keep what is right and lean, train from the base on all that was
kept beside what the run learns anyway, and look at other problems whether that helped; as long as
it does, and there is time. What was sampled is in the store, what was trained in the run's folder.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path

import msgspec
from msgspec.structs import replace

from localai import paths
from localai.engine.base import Engine
from localai.errors import EngineError, ModelError
from localai.evals import asking
from localai.evals.task import Manner, Place, Task
from localai.evals.tasks import reasoning
from localai.rl import edge
from localai.rl.edge import Cell, Rate, Rates
from localai.rl.leanest import Choose, leanest
from localai.rl.problems import Bank, easiest
from localai.rl.round import rates, summed
from localai.rl.sampling import RIGHT, Sampler
from localai.store.discovering import Round
from localai.store.store import Store
from localai.tune import training
from localai.tune.found import MOST, found_so_far
from localai.tune.manifest import settle
from localai.tune.plan import ADAPTER, Made, Plan, Trained
from localai.tune.reporting import Reporter

LEVELS = 2
"""Of every kind so many levels are looked at first, by LOOKED problems each."""
LOOKED = 4
CELLS = 6
"""Cells in a round, of which PROBLEMS each are asked."""
PROBLEMS = 16
DEV = 180
"""Problems by which it is told whether a round helped."""
LEANER = 0.9
"""An adapter that has as much right in so much fewer tokens is better."""
PATIENCE = 2
"""Rounds in a row that may be no better than the best."""
MOST_ROUNDS = 8
LONGER = 1.3
"""Each round learns more than the one before, and takes so many times as long."""

TASK = replace(reasoning.TASK, tools=True)
"""Told of tools where a chat is: calling one is a way to the answer."""
MANNER = Manner(temperature=0.8, max_tokens=96)

TRAINED = "trained.msgpack"
SAMPLING = "sampling answers"

Train = Callable[[Path, Plan], Trained]


class Ways(msgspec.Struct, frozen=True):
    """What the rounds are made with. `open` gives a place to ask in, `use` has its engine answer
    by the adapter in a folder (None: by what answers now); `train` trains a plan in a folder;
    `left` tells the seconds that are left."""

    open: Callable[[], AbstractContextManager[Place]]
    use: Callable[[Engine, Path | None], None]
    train: Train
    left: Callable[[], float]


class Rounds:
    """The rounds of the run with the id `run`, over a task's problems; what `earlier` runs kept is
    learned again."""

    def __init__(
        self,
        store: Store,
        run: str,
        report: Reporter,
        ways: Ways,
        earlier: Sequence[str] = (),
        task: Task = TASK,
        manner: Manner = MANNER,
        choose: Choose = leanest,
    ) -> None:
        self._store, self._run, self._report, self._ways = store, run, report, ways
        self._task, self._manner, self._choose = task, manner, choose
        self._earlier = tuple(earlier)
        self.trouble, self.short = "", False
        """What went wrong in the last round; whether there was no time for another."""

    def go(self, folder: Path, plan: Plan) -> Made | None:
        """Make them; what became best. None where nothing is at the edge, or nothing became better
        than what answers now and nothing else is learned. A round that goes wrong ends them; where
        there is nothing better yet, nor anything else to learn, ModelError or EngineError come."""
        best: Made | None = None
        try:
            for made in self._improving(folder, plan):
                best = made
        except (EngineError, ModelError) as error:
            if best is None and not plan.own:
                raise
            self.trouble = str(error).partition(";")[0].rstrip(".")
        return best

    def _improving(self, folder: Path, plan: Plan) -> Iterator[Made]:
        """Each that is the best so far."""
        best = tried = None
        missed = 0
        for number in itertools.count(1):
            lap = time.monotonic()
            with self._ways.open() as place:
                self._ways.use(place.engine, tried.folder if tried else None)
                if number == 1:
                    self._probe(place)
                if not self.targets:
                    return
                self._measure(place, number - 1)
                if tried and self._better(tried, best, plan):
                    best, missed = tried, 0
                    yield best
                elif tried:
                    missed += 1
                if missed >= PATIENCE or number > MOST_ROUNDS or not self._fits(number):
                    return
                if tried is not best:
                    self._ways.use(place.engine, best.folder if best else None)
                if not self._sample(place, number):
                    return
            lap = self._spent(number, lap)
            try:
                tried = self._trained(folder, plan, number)
            finally:
                self._spent(number, lap)

    def _probe(self, place: Place) -> None:
        """Round 0: find the edge."""
        if self._store.attempts(self._run, 0):
            return
        bank = self._bank(place)
        cells = easiest(bank.cells, LEVELS)
        self._ask(place, 0, bank, dict.fromkeys(cells, LOOKED), {}, self._manner.temperature)

    def _sample(self, place: Place, number: int) -> bool:
        """Ask problems at the edge, and look at what comes after what is mastered; False where
        everything is, and nothing comes after."""
        if self._store.attempts(self._run, number):
            return True
        bank, known = self._bank(place), self._rates()
        wanted = dict.fromkeys(edge.chosen(known, CELLS), PROBLEMS)
        wanted |= dict.fromkeys(edge.mastered(known, bank.cells), LOOKED)
        if not wanted:
            return False
        before = self._round(number - 1)
        heat = before.temperature
        if number > 1:
            heat = edge.temperature(heat, before.pass_1, before.pass_n)
        self._ask(place, number, bank, wanted, known, heat)
        return True

    def _ask(
        self,
        place: Place,
        number: int,
        bank: Bank,
        wanted: dict[Cell, int],
        known: Rates,
        heat: float,
    ) -> None:
        """Sample so many problems of each cell, and record the round."""
        begun = time.monotonic()
        asked = [each for cell, count in wanted.items() for each in bank.take(cell, count)]
        manner = replace(
            asking.roomy(self._manner, place.engine.load()),
            temperature=heat,
            seed=number * edge.MOST,
        )
        stage = f"round {number}: {SAMPLING}" if number else "finding problems at the edge"
        sampler = Sampler(place, self._task, manner, MOST, self._choose)
        attempts = sampler.attempts(asked, known, self._report.counting(stage))
        done = replace(
            summed(attempts),
            run=self._run,
            number=number,
            temperature=heat,
            sampling_seconds=time.monotonic() - begun,
        )
        self._store.put_round(done, attempts)

    def _measure(self, place: Place, number: int) -> None:
        """How the adapter in force does on problems that nothing is learned from."""
        done = self._round(number)
        if done.dev is not None:
            return
        targets = self.targets
        bank = Bank(self._task.examples(place, "dev"))
        asked = [each for cell in targets for each in bank.take(cell, DEV // len(targets))]
        tell = self._report.counting(f"asking what round {number} is worth")
        manner = replace(
            asking.roomy(self._manner, place.engine.load()), temperature=0.0, samples=1
        )
        outcomes = []
        for each in (self._task.ask or asking.ask)(place, self._task, asked, manner):
            outcomes.append(each)
            tell(len(outcomes), len(asked))
        main = self._task.measures[0].name
        right = sum(each.scores[main] >= RIGHT for each in outcomes)
        tokens = sum(answer.tokens for each in outcomes for answer in each.answers)
        measured = replace(
            done,
            dev=right / len(outcomes) if outcomes else 0.0,
            dev_n=len(outcomes),
            dev_tokens_per_right=tokens / right if right else None,
        )
        self._store.put_round(measured)

    def _better(self, tried: Made, best: Made | None, plan: Plan) -> bool:
        """Whether what was trained last is the best so far. Where something else is learned, too,
        the first one is: the gate judges that."""
        if best is None and plan.own:
            return True
        now, was = self._round(tried.number), self._round(best.number if best else 0)
        if now.dev is None or was.dev is None:
            return False
        leaner = (now.dev_tokens_per_right or 0.0) < LEANER * (was.dev_tokens_per_right or 0.0)
        return now.dev > was.dev or (now.dev == was.dev and leaner)

    def _trained(self, folder: Path, plan: Plan, number: int) -> Made:
        """Train from the base on what all rounds kept, beside the plan's own."""
        here, cells = paths.private_dir(folder / f"round-{number}"), tuple(self.targets)
        kept = found_so_far(self._store, (*self._earlier, self._run), self._choose)
        plan = training.timed(here, replace(plan, own=(*plan.own, *kept)), self._ways.left())
        before = self._report.steps_before = self._steps_before(number)
        if (here / TRAINED).exists() and (here / ADAPTER).exists():  # more was found since
            told = msgspec.msgpack.decode((here / TRAINED).read_bytes(), type=Trained)
            return Made(here, training.read_plan(here) or plan, told, number, cells, before)
        trained = self._ways.train(here, plan)
        temporary = here / f"{TRAINED}.tmp"
        temporary.write_bytes(msgspec.msgpack.encode(trained))
        settle(temporary, here / TRAINED)
        return Made(here, plan, trained, number, cells, before)

    def _steps_before(self, number: int) -> int:
        """Steps of the rounds before this one, so that all of them make one curve."""
        done = self._round(number)
        if done.steps_before is None:
            done = replace(done, steps_before=self._store.last_step(self._run))
            self._store.put_round(done)
        return done.steps_before or 0

    def _spent(self, number: int, since: float) -> float:
        """Count the time since then (monotonic) to a round, beside what it took before; now."""
        now, done = time.monotonic(), self._round(number)
        self._store.put_round(replace(done, seconds=done.seconds + now - since))
        return now

    def _fits(self, number: int) -> bool:
        """Whether there is time for another round, or for the first."""
        need = LONGER * self._round(number - 1).seconds if number > 1 else self._first()
        begun = self._store.attempts(self._run, number)  # before the run was interrupted
        self.short = (0.0 if begun else need) >= self._ways.left()
        return not self.short

    def _first(self) -> float:
        """Seconds that the first one takes at least: to sample as before, to train for as long."""
        look, known = self._round(0), self._rates()
        samples = PROBLEMS * sum(edge.samples(known[cell]) for cell in self.targets)
        return 2 * samples * look.sampling_seconds / look.samples

    def _round(self, number: int) -> Round:
        return self._store.rounds(self._run)[number]

    def _rates(self) -> dict[Cell, Rate]:
        """Of each cell, in the last round that asked it."""
        found = dict[Cell, Rate]()
        for each in self._store.rounds(self._run):
            found |= rates(self._store.attempts(self._run, each.number))
        return found

    @cached_property
    def targets(self) -> list[Cell]:
        """What the run is to become better at: what was at the edge at first."""
        return edge.chosen(rates(self._store.attempts(self._run, 0)), CELLS)

    def _bank(self, place: Place) -> Bank:
        """The problems to learn from; those that were asked before, also in earlier runs, last."""
        spent = [
            each.problem
            for run in (*self._earlier, self._run)
            for done in self._store.rounds(run)
            for each in self._store.attempts(run, done.number)
        ]
        return Bank(self._task.examples(place, "train"), frozenset(spent))
