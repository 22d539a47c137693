"""Stands in for a tune that the command line starts."""

from __future__ import annotations

from collections.abc import Callable

from localai.config import Settings
from localai.store.store import Store
from localai.store.tuning import Progress, Run
from localai.tune.hosts import Hosts


def by(error: BaseException) -> Callable[[Store, Run], object]:
    """An end by this error."""

    def end(store: Store, begun: Run) -> object:
        raise error

    return end


class FakeJob:
    """Tells two stages, then ends as `end` says."""

    end: Callable[[Store, Run], object]
    seconds = -1.0
    name = ""
    settings: Settings
    resume: bool | None = None
    hosts: Hosts | None = None
    rl = nightly = False
    resumable = False

    def __init__(
        self,
        store: Store,
        settings: Settings,
        entry: object,
        tell: Callable[[Progress], None],
        *,
        name: str,
        seconds: float,
        resume: bool | None,
        hosts: Hosts | None,
        rl: bool,
        nightly: bool = False,
    ) -> None:
        self._store, self._tell = store, tell
        FakeJob.name, FakeJob.seconds, FakeJob.resume = name, seconds, resume
        FakeJob.settings, FakeJob.hosts, FakeJob.rl = settings, hosts, rl
        FakeJob.nightly = nightly

    def run(self) -> Run:
        begun = self._store.begin_run("toy", "b", {})
        for done in range(3):
            self._tell(Progress("training", done, 3, 1.5))
        self._tell(Progress("asking the new model", 0, 3))
        FakeJob.end(self._store, begun)
        return self._store.run(begun.id)
