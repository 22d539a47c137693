"""How far a run is, told to the store and to whoever watches, but not more often than
anybody looks."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from localai.store.store import Store
from localai.store.tuning import Progress, Turn
from localai.tune.plan import Again, Step

SECONDS = 0.5

Tell = Callable[[Progress], None]


class Reporter:
    """Reports for the run with this id; `turn` goes with all that it reports. `steps_before` are
    the steps of trainings before this one, after which its numbers are kept."""

    def __init__(self, store: Store, run: str, tell: Tell) -> None:
        self._store, self._run, self._tell = store, run, tell
        self._reported = 0.0
        self._last = Progress("")
        self._spent = dict(store.run(run).progress.spent)  # also before it was gone on with
        self._at = time.monotonic()
        self.turn: Turn = ""
        self.steps_before = 0

    def hear(self, news: Step | Again) -> None:
        """What the trainer tells while it trains."""
        if isinstance(news, Step):
            self.step(news)
        else:
            self.say(Progress(news.message), now=True)

    def step(self, done: Step) -> None:
        """One training step is done."""
        speed = done.tokens / done.seconds
        numbers = {"loss": done.loss, "tokens_per_second": speed, "tokens": float(done.tokens)}
        if done.held is not None:
            numbers["held_out_loss"] = done.held
        if done.memory:
            numbers["memory"] = done.memory
        self._store.add_metric(self._run, self.steps_before + done.number, numbers)
        left = (done.steps - done.number) * done.seconds
        memory = done.memory or None
        progress = Progress("training", done.number, done.steps, done.loss, speed, left, memory)
        self.say(progress)

    def counting(self, stage: str) -> Callable[[int, int], None]:
        """What a stage of many like things calls with (done, total)."""
        begun = time.monotonic()

        def tell(done: int, total: int) -> None:
            spent = time.monotonic() - begun
            left = spent / done * (total - done) if done else None
            self.say(Progress(stage, done, total, seconds_left=left))

        return tell

    def stand(self, stage: str) -> None:
        """Training stands where it stood; for this reason, say."""
        last = self._last
        done = () if last.loss is None else (last.done, last.total, last.loss)
        self.say(Progress(stage, *done), now=True)

    def beat(self) -> None:
        """Let whoever watches know that nothing has changed; they may want it to end."""
        self._tell(self._last)

    def say(self, progress: Progress, *, now: bool = False) -> None:
        """Report, but not more often than anybody looks."""
        moment = time.monotonic()
        if stage := self._last.stage:
            self._spent[stage] = self._spent.get(stage, 0.0) + moment - self._at
        self._at, spent = moment, dict(self._spent)
        progress = self._last = msgspec.structs.replace(progress, turn=self.turn, spent=spent)
        if now or moment - self._reported >= SECONDS:
            self._reported = moment
            self._store.update_run(self._run, progress)
            self._tell(progress)
