"""Nights of a toy model without training, whose rounds make something or nothing in no time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localai import paths
from localai.rl.edge import Cell
from localai.store.discovering import Round
from localai.store.store import Store
from localai.store.tuning import Run
from localai.tune.gate import Verdict
from localai.tune.job import Job
from localai.tune.plan import ADAPTER, Made, Plan, Trained
from localai.tune.rounds import Rounds, Ways
from localai.tune.time_budget import TimeBudget
from localai.tune_process import Stopped
from tests.engine.tiny_adapter import write_adapter
from tests.rl.attempts import SUM
from tests.tune.tunes import Toys

SUMS = Cell("sums", 2)
SECONDS = 600.0


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


class Nights(Toys):
    """Nights; the gate lets in what `passes` says, in turn."""

    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store, folder)
        self.passes: Iterator[bool] = iter(())
        self.rounds = 0
        """So often were they begun."""

    def judge(self, *_: object) -> Verdict:
        return Verdict(next(self.passes), "Judged.", ())

    def tune(
        self,
        *passes: bool,
        rl: bool = True,
        helps: bool = True,
        name: str = "",
        resume: bool | None = None,
        trouble: str = "",
    ) -> Run:
        """A night to its end, of whose rounds the last goes wrong by `trouble`."""
        self.passes = iter(passes)
        night = self.job(Night, name=name, seconds=SECONDS, resume=resume, rl=rl)
        night.helps, night.trouble = helps, trouble
        try:
            return night.run()
        finally:
            self.rounds += night.rounds

    @contextmanager
    def stopped(self, why: str) -> Iterator[None]:
        """Where training has no time left, and says so."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TimeBudget, "for_training", lambda budget: 0.0)
            with pytest.raises(Stopped, match=why):
                yield

    @contextmanager
    def interrupted(self, trouble: BaseException) -> Iterator[None]:
        """Where training ends by this."""
        self.trouble = trouble
        with pytest.raises(type(trouble)):
            yield
        self.trouble = None
