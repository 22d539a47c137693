"""What a run trains, one after the other, until the gate lets one in.

With the model's own right answers, where they are wanted and help; without them, where that is
nothing or was not let in, and there is something else to learn and time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from localai import paths
from localai.store.store import Store
from localai.store.tuning import Run
from localai.tune import training
from localai.tune.found import found_so_far
from localai.tune.plan import Made, Plan
from localai.tune.reporting import Reporter
from localai.tune.rounds import Rounds, Train
from localai.tune.time_budget import TimeBudget
from localai.tune_process import Stopped

ALONE = "alone"
"""The folder of what is trained without its own right answers, in that of a run that has them."""
AFTER = "steps_before_alone"
"""In a run's plan: the steps that the rounds had made by then."""
NO_TIME = "There was no time left for training; give it more."


class Candidates:
    """Those of a run, which `train` trains; `rounds` makes those of rejection sampling, None where
    it is not wanted."""

    def __init__(
        self,
        store: Store,
        run: Run,
        report: Reporter,
        time: TimeBudget,
        train: Train,
        rounds: Rounds | None,
    ) -> None:
        self._store, self._run, self._report, self._time = store, run, report, time
        self._train, self._rounds = train, rounds
        self.untried = False
        """Whether there was no time for the last one."""

    @property
    def trouble(self) -> str:
        """What went wrong in a round, in a sentence; "" for nothing."""
        return self._rounds.trouble if self._rounds else ""

    def made(self, folder: Path, plan: Plan) -> Iterator[Made]:
        """Each when it is asked for, trained in or below the folder. Raises Stopped where there
        was no time for any."""
        training.write_plan(folder, plan)  # from here on the run can be gone on with
        if self._rounds is None:
            if self._time.for_training() <= 0:
                raise Stopped(NO_TIME)
            yield Made(folder, plan, self._train(folder, plan))
            return
        found = self._rounds.go(folder, plan)
        if found:
            yield found
        if plan.own and self._time.for_training() > 0:
            yield self._alone(folder, plan)
        elif plan.own or self._rounds.short:
            if not found:
                raise Stopped(NO_TIME)
            self.untried = bool(plan.own)

    def _alone(self, folder: Path, plan: Plan) -> Made:
        """Without the rounds of this run, but with what earlier ones found."""
        here = paths.private_dir(folder / ALONE)
        earlier = found_so_far(self._store, self._run.plan.get("earlier", ()))
        left = self._time.for_training()
        plan = training.timed(here, replace(plan, own=(*plan.own, *earlier)), left)
        before = self._report.steps_before = self._steps_before()
        return Made(here, plan, self._train(here, plan), steps_before=before)

    def _steps_before(self) -> int:
        """The steps of the rounds, so that all trainings make one curve."""
        plan = self._store.run(self._run.id).plan
        if AFTER not in plan:
            last = max((step for step, _ in self._store.metrics(self._run.id)), default=0)
            plan = self._store.plan_run(self._run.id, plan | {AFTER: last}).plan
        return int(plan[AFTER])
