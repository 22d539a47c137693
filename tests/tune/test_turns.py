"""Training begins when no chat has the memory, pauses for one, and makes the same adapter."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from localai import paths
from localai.catalog import Catalog, ModelEntry
from localai.catalog.fit import fit
from localai.catalog.gguf import read_header
from localai.catalog.window import MARGIN
from localai.config import Settings, TuneSettings
from localai.room import Room
from localai.store.store import Store
from localai.store.tuning import Progress
from localai.tune import training, turns
from localai.tune.estimate import pace
from localai.tune.plan import ADAPTER, Again, Options, Plan, Step, Trained
from localai.tune.reporting import Reporter
from localai.tune.turns import (
    HELD,
    HELD_SECONDS,
    LOOK_SECONDS,
    PAUSED,
    REST_SECONDS,
    WAITING,
    Turns,
)
from tests.catalog import toy
from tests.tune.tiny_examples import example

OPTIONS = Options(rank=4, learning_rate=5e-3, warmup=2, epochs=4, tokens=64, replay=0.4)
DONE = Trained(1, "cpu", "t")
CHAT = 60.0
PAUSE = CHAT - LOOK_SECONDS + REST_SECONDS
"""The chat was last seen a look before it left."""


class Chat:
    """Somebody who has the memory for `seconds` each time, on a clock of its own that goes on
    only while training waits."""

    def __init__(self, seconds: float = CHAT) -> None:
        self.room, self.now, self._seconds = Room(paths.private_dir(paths.home())), 0.0, seconds
        self._until, self._lock = 0.0, -1
        self.waited = list[float]()

    def come(self) -> None:
        """Or stay for longer."""
        self._lock = self._lock if self._lock >= 0 else self.room.chat(seconds=0.0)
        self._until = self.now + self._seconds

    def go(self) -> None:
        os.close(self._lock)
        self._lock = -1

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self._lock >= 0 and self.now >= self._until:
            self.go()


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def told() -> list[Progress]:
    return []


@pytest.fixture
def report(store: Store, told: list[Progress]) -> Reporter:
    return Reporter(store, store.begin_run("toy", "b", {}).id, told.append)


def turns_of(chat: Chat, report: Reporter, *, shared: bool = True) -> Turns:
    waited = chat.waited.append
    return Turns(
        chat.room, report, shared=shared, waited=waited, sleep=chat.sleep, now=lambda: chat.now
    )


@pytest.fixture
def shared(chat: Chat, report: Reporter) -> Turns:
    """On a machine whose memory does not hold both."""
    return turns_of(chat, report)


def plan(base: Path) -> Plan:
    own, replay = (example(1), example(2)), (example(3), example(4))
    return Plan(str(base), OPTIONS, own, replay, own)


def stages(told: list[Progress]) -> list[tuple[str, str]]:
    """Stage and turn, each time one of them changes."""
    found = [(each.stage, each.turn) for each in told]
    return [each for at, each in enumerate(found) if found[at - 1 : at] != [each]]


Train = Callable[
    [Path, Plan, Callable[[Step | Again], None], object, Callable[[int], None]], Trained
]


@pytest.fixture
def trains(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> Callable[[Train], None]:
    """Puts something in the place of the training process."""
    return lambda train: monkeypatch.setattr(training, "train", train)


def test_it_waits_for_the_chat_before_it_begins(
    shared: Turns, chat: Chat, told: list[Progress], trains: Callable[[Train], None]
) -> None:
    def train(*given: object) -> Trained:
        assert not chat.room.chatting
        return DONE

    trains(train)
    chat.come()
    assert shared.train(Path(), plan(Path())) == DONE
    assert stages(told) == [(WAITING, "waiting"), ("training", "training")]
    assert chat.waited == [CHAT]


def test_a_chat_that_has_the_memory_for_long_is_told_how_to_give_it_back(
    report: Reporter, told: list[Progress], trains: Callable[[Train], None]
) -> None:
    idle = Chat(seconds=2 * HELD_SECONDS)
    waits = turns_of(idle, report)
    trains(lambda *_: DONE)
    idle.come()
    assert waits.train(Path(), plan(Path())) == DONE
    assert stages(told) == [
        (WAITING, "waiting"),
        (HELD.format(WAITING), "waiting"),
        ("training", "training"),
    ]


def test_it_begins_at_once_when_nobody_chats(
    shared: Turns, chat: Chat, told: list[Progress], trains: Callable[[Train], None]
) -> None:
    trains(lambda *_: DONE)
    assert shared.train(Path(), plan(Path())) == DONE
    assert stages(told) == [("training", "training")]
    assert chat.waited == []


def test_it_makes_way_for_a_chat_and_goes_on_a_while_after(
    shared: Turns,
    chat: Chat,
    report: Reporter,
    told: list[Progress],
    trains: Callable[[Train], None],
) -> None:
    begun: list[float] = []

    def train(
        folder: Path,
        plan: Plan,
        tell: Callable[[Step | Again], None],
        hosts: object,
        look: Callable[[int], None],
    ) -> Trained:
        begun.append(chat.now)
        look(4321)
        assert chat.room.trainer == 4321
        if len(begun) < 3:
            tell(Step(len(begun), 10, 1.5, 100, 1.0))
            report.say(Progress("training", len(begun), 10, 1.5), now=True)
            chat.come()
            look(4321)
        return DONE

    trains(train)
    assert shared.train(Path(), plan(Path())) == DONE
    assert begun == [0.0, PAUSE, 2 * PAUSE]
    assert sum(chat.waited) == begun[-1]
    assert stages(told) == [
        ("training", "training"),
        *2 * [(PAUSED, "paused"), ("training", "training")],
    ]
    assert {(each.done, each.total, each.loss) for each in told if each.turn == "paused"} == {
        (1, 10, 1.5),
        (2, 10, 1.5),
    }
    assert chat.room.trainer == 0


def test_where_the_memory_holds_both_nothing_changes(
    chat: Chat, report: Reporter, trains: Callable[[Train], None]
) -> None:
    def train(
        folder: Path, plan: Plan, tell: Callable[[Step | Again], None], hosts: object
    ) -> Trained:
        assert chat.room.trainer == 0
        return DONE

    trains(train)  # type: ignore[arg-type]
    chat.come()
    assert turns_of(chat, report, shared=False).train(Path(), plan(Path())) == DONE
    assert chat.now == 0.0
    chat.go()


@pytest.fixture
def entry(tmp_path: Path) -> ModelEntry:
    return Catalog().resolve(str(toy.write(tmp_path / "toy.gguf")))


@pytest.mark.parametrize("chatting", [False, True])
def test_both_fit_or_do_not(
    store: Store,
    report: Reporter,
    chat: Chat,
    entry: ModelEntry,
    monkeypatch: pytest.MonkeyPatch,
    chatting: bool,
) -> None:
    assert entry.path is not None
    model = fit(read_header(entry.path))
    need = pace(store, entry.name, entry.path).memory + MARGIN
    need += model.weights - model.repacked if chatting else model.total
    if chatting:  # what it has in memory is not free any more
        chat.come()
    for free, settings, expected in [
        (need, {}, False),
        (need - 1, {}, True),
        (need - 1, {"pause_for_chat": "never"}, False),
        (need, {"pause_for_chat": "always"}, True),
    ]:
        monkeypatch.setattr(turns, "free_memory", lambda free=free: free)
        wish = Settings(tune=TuneSettings.model_validate(settings))
        assert Turns.here(store, wish, entry, report, chat.waited.append)._shared is expected
    if chatting:
        chat.go()


@pytest.fixture
def base(tiny_llama: Callable[[str], Path]) -> Path:
    return tiny_llama("F16")


def test_a_paused_training_makes_the_same_adapter(
    shared: Turns, chat: Chat, report: Reporter, base: Path, tmp_path: Path
) -> None:
    """For real: the process leaves, its checkpoint stays, another one goes on."""
    once, twice = tmp_path / "once", tmp_path / "twice"
    for folder in (once, twice):
        folder.mkdir()
    training.train(once, plan(base), lambda news: None)
    steps = list[int]()

    def hear(news: Step | Again) -> None:
        assert isinstance(news, Step)
        assert chat.room.trainer
        steps.append(news.number)
        if news.number in (2, 5):
            chat.come()

    report.hear = hear  # type: ignore[method-assign]
    shared.train(twice, plan(base))
    # The process may have been at its fifth step before it was asked to leave after the second.
    assert sum(chat.waited) in (PAUSE, 2 * PAUSE)
    assert steps == list(range(1, steps[-1] + 1))
    assert (once / ADAPTER).read_bytes() == (twice / ADAPTER).read_bytes()
