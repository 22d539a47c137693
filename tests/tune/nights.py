"""Nights of a toy model without training, whose rounds make something or nothing in no time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from localai import paths
from localai.catalog import Catalog
from localai.config import Settings
from localai.engine.scripted import ScriptedEngine
from localai.rl.edge import Cell
from localai.store.discovering import Round
from localai.store.store import Store
from localai.store.tuning import Run
from localai.tune.gate import Verdict
from localai.tune.job import Job
from localai.tune.plan import ADAPTER, Made, Plan, Trained
from localai.tune.rounds import Rounds, Ways
from localai.tune.time_budget import TimeBudget
from tests.catalog import toy
from tests.engine.tiny_adapter import write_adapter
from tests.rl.attempts import SUM

SUMS = Cell("sums", 2)


class Night(Job):
    """Whose rounds make something, or nothing, in no time."""

    helps, trouble, rounds = True, "", 0

    def _rounds(self, ways: Ways) -> Rounds:
        night = self

        class Quick(Rounds):
            def go(self, folder: Path, plan: Plan) -> Made | None:
                night.rounds += 1
                self.trouble = night.trouble
                self._store.put_round(Round(run=self._run, number=0), [SUM])
                if not night.helps:
                    return None
                here = paths.private_dir(folder / "round-1")
                write_adapter(here / ADAPTER)
                return Made(here, plan, Trained(1, "cpu", "t"), 1, (SUMS,))

        assert self._run is not None
        return Quick(self._store, self._run.id, self._report, ways)


def no_time(budget: TimeBudget) -> float:
    return 0.0


class Nights:
    """Nights of a toy model; the gate lets in what `passes` says, in turn."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.model = store, toy.write(folder / "toy.gguf")
        self.passes: Iterator[bool] = iter(())
        self.trained: list[Plan] = []
        self.rounds = 0
        """So often were they begun."""

    def train(self, folder: Path, plan: Plan, *_: object) -> Trained:
        self.trained.append(plan)
        write_adapter(folder / ADAPTER)
        return Trained(1, "cpu", "t")

    def judge(self, *_: object) -> Verdict:
        return Verdict(next(self.passes), "Judged.", ())

    def tune(
        self,
        *passes: bool,
        rl: bool = True,
        helps: bool = True,
        name: str = "",
        resume: bool | None = None,
        seconds: float = 600.0,
        trouble: str = "",
    ) -> Run:
        self.passes = iter(passes)
        night = Night(
            self.store,
            Settings(),
            Catalog().resolve(str(self.model)),
            lambda progress: None,
            name=name,
            seconds=seconds,
            resume=resume,
            rl=rl,
            factory=lambda options: ScriptedEngine(),
        )
        night.helps, night.trouble = helps, trouble
        try:
            return night.run()
        finally:
            self.rounds += night.rounds
