"""What a run trains, one after the other, until the gate lets one in.

With the model's own right answers, where they are wanted and help; without them, where that is
nothing or was not let in, and there is something else to learn and time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
TOGETHER = "together"
"""In a run's plan and its verdict: what the gate said of all together, which it refused."""
NO_TIME = "There was no time left for training."


class Candidates:
    """Those of the run, which `train` trains; `rounds` makes those of rejection sampling, None
    where it is not wanted."""

    def __init__(
        self,
        store: Store,
        run: Run,
        report: Reporter,
        time: TimeBudget,
        train: Train,
        rounds: Rounds | None,
    ) -> None:
        self._store, self._run, self._report, self._time = store, run.id, report, time
        self._train, self._rounds = train, rounds

    @property
    def _trouble(self) -> str:
        """What went wrong in a round; "" for nothing."""
        return self._rounds.trouble if self._rounds else ""

    @property
    def facts(self) -> dict[str, Any]:
        """What a verdict tells of it beside the gate's."""
        return {"trouble": self._trouble, **self.refused}

    @property
    def refused(self) -> dict[str, Any]:
        """What the gate said of the one before, also before the run was interrupted."""
        plan = self._store.run(self._run).plan
        return {TOGETHER: plan[TOGETHER]} if TOGETHER in plan else {}

    def note(self, told: dict[str, Any]) -> Run:
        """Record more in the run's plan."""
        return self._store.plan_run(self._run, self._store.run(self._run).plan | told)

    def refuse(self, made: Made, facts: dict[str, Any]) -> None:
        """Record that what the rounds made was refused, so that nobody makes it again."""
        if made.number:
            self.note({TOGETHER: {key: facts[key] for key in ("reason", "pools", "stage")}})

    def made(self, folder: Path, plan: Plan) -> Iterator[Made]:
        """Each when it is asked for, trained in or below the folder. Raises Stopped where there
        is no time for what is left to try."""
        training.write_plan(folder, plan)  # from here on the run can be gone on with
        if self._rounds is not None and not self.refused:
            if found := self._rounds.go(folder, plan):
                yield found
            elif self._rounds.short and not plan.own:
                raise Stopped(self._no_time())
        if self._rounds is not None and not plan.own:
            return
        if self._time.for_training() <= 0:
            raise Stopped(self._no_time())
        if self._rounds is None:
            yield Made(folder, plan, self._train(folder, plan))
        else:
            yield self._alone(folder, plan)

    def _no_time(self) -> str:
        return f"{NO_TIME} A round went wrong: {self._trouble}." if self._trouble else NO_TIME

    def _alone(self, folder: Path, plan: Plan) -> Made:
        """Without the rounds of this run, but with what earlier ones found."""
        here = paths.private_dir(folder / ALONE)
        earlier = found_so_far(self._store, self._store.run(self._run).plan.get("earlier", ()))
        left = self._time.for_training()
        plan = training.timed(here, replace(plan, own=(*plan.own, *earlier)), left)
        before = self._report.steps_before = self._steps_before()
        return Made(here, plan, self._train(here, plan), steps_before=before)

    def _steps_before(self) -> int:
        """The steps of the rounds, so that all trainings make one curve."""
        plan = self._store.run(self._run).plan
        if AFTER not in plan:
            plan = self.note({AFTER: self._store.last_step(self._run)}).plan
        return int(plan[AFTER])
