"""What the bridge tells the screens about learning. Values only; texts are raw."""

from __future__ import annotations

import msgspec

from localai.store.tuning import Adapter, Run


class Offer(msgspec.Struct, frozen=True):
    """A tune that the app offers in a `sentence`: to go on with the run `resume`, or to teach
    the model in use, which is called `model`."""

    sentence: str
    resume: Run | None = None
    model: str = ""


class News(msgspec.Struct, frozen=True):
    """What came of the run `run` while nobody looked, a line each, or of a night without one, "";
    `better`: what it made answers now. `key` is kept once somebody has seen it."""

    run: str
    key: str
    lines: tuple[str, ...]
    better: bool


class Glance(msgspec.Struct, frozen=True):
    """What the chat screen needs: the adapter that answers next, the newest run, an offer, news
    that nobody has seen."""

    adapter: Adapter | None = None
    run: Run | None = None
    offer: Offer | None = None
    news: News | None = None


class Lesson(msgspec.Struct, frozen=True):
    """Something to learn with its texts: what was asked, what the model said ("" when nothing
    is corrected), what it should say."""

    id: str
    question: str
    rejected: str
    chosen: str


class Overview(msgspec.Struct, frozen=True):
    """What the learning screen shows. `waiting` are the examples that the newest adapter
    was not made from, oldest first; `learned` counts the others; runs and adapters come newest
    first; `losses` are those of the newest run, step by step. `starting`: a tune was started
    here and has no run yet. `unfinished`: a run that can be gone on with. `trends` has each
    pool's shares right with what was let in, the oldest first."""

    adapter: Adapter | None = None
    waiting: tuple[Lesson, ...] = ()
    learned: int = 0
    adapters: tuple[Adapter, ...] = ()
    runs: tuple[Run, ...] = ()
    losses: tuple[float, ...] = ()
    starting: bool = False
    unfinished: Run | None = None
    trends: tuple[tuple[str, tuple[float, ...]], ...] = ()
