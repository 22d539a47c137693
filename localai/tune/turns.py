"""Training that takes turns with the chat, where the memory does not hold both.

It begins when nobody has a model to chat with in memory, stops with a checkpoint as soon as
somebody wants one, and goes on once that has left. The front ends read in the run's row that
they are waited for; the locks are `room`'s. Where the memory holds both it only trains.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from localai import paths
from localai.catalog import ModelEntry
from localai.catalog.entry import required_path
from localai.catalog.fit import Fit, fit
from localai.catalog.gguf import read_header
from localai.catalog.memory import free_memory
from localai.catalog.window import MARGIN
from localai.config import Settings
from localai.room import Room
from localai.store.store import Store
from localai.store.tuning import Turn
from localai.tune import training
from localai.tune.estimate import pace
from localai.tune.hosts import Hosts
from localai.tune.plan import Plan, Trained
from localai.tune.reporting import Reporter

WAITING = "waiting until the chat's model has left the memory"
PAUSED = "paused while you chat"
HELD = "{}; close the app or answer its question"
HELD_SECONDS = 600.0
"""So long a chat may have the memory before it is said how to end that: an app that nobody uses
gives it back sooner, unless it asks something, or was stopped itself."""
LOOK_SECONDS = 0.5
REST_SECONDS = 10.0
"""So long no chat may have come after one, before training goes on: one question of a script
follows another, and each start of training reads the model anew."""


class Turns:
    """Trains for the run that `report` reports."""

    def __init__(
        self,
        room: Room,
        report: Reporter,
        *,
        shared: bool,
        waited: Callable[[float], object],
        sleep: Callable[[float], object] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`shared`: whether the memory does not hold both; `waited` is told each time how long."""
        self._room, self._report, self._shared = room, report, shared
        self._waited, self._sleep, self._now = waited, sleep, now

    @classmethod
    def here(
        cls,
        store: Store,
        settings: Settings,
        entry: ModelEntry,
        report: Reporter,
        waited: Callable[[float], object],
    ) -> Turns:
        """As the settings and this machine want it."""
        room, wish = Room(paths.home()), settings.tune.pause_for_chat
        shared = wish == "always" or (
            wish == "auto" and _short(store, settings, entry, chatting=room.chatting)
        )
        return cls(room, report, shared=shared, waited=waited)

    def train(self, folder: Path, plan: Plan, hosts: Hosts | None = None) -> Trained:
        """As `training.train` does, with pauses."""
        if not self._shared:
            return training.train(folder, plan, self._report.hear, hosts)
        try:
            if self._room.chatting:
                self._wait("waiting", WAITING, rest=0.0)
            while True:
                try:
                    return self._train(folder, plan, hosts)
                except training.Paused:
                    self._wait("paused", PAUSED, rest=REST_SECONDS)
        finally:
            self._report.turn = ""

    def _train(self, folder: Path, plan: Plan, hosts: Hosts | None) -> Trained:
        """Until it is done. Raises Paused when somebody wants to chat."""
        self._report.turn = "training"
        self._report.stand("training")
        with self._room.train() as trains:

            def look(process: int) -> None:
                trains(process)
                if self._room.chatting:
                    raise training.Paused

            return training.train(folder, plan, self._report.hear, hosts, look)

    def _wait(self, turn: Turn, stage: str, rest: float) -> None:
        """Until nobody has a model to chat with in memory, nor had one for so many seconds."""
        self._report.turn = turn
        self._report.stand(stage)
        begun = last = self._now()
        told = False
        while (chatting := self._room.chatting) or self._now() - last < rest:
            last = self._now() if chatting else last
            if not told and last - begun >= HELD_SECONDS:
                told = True
                self._report.stand(HELD.format(stage))
            self._report.beat()
            self._sleep(LOOK_SECONDS)
        self._waited(self._now() - begun)


def _short(store: Store, settings: Settings, entry: ModelEntry, *, chatting: bool) -> bool:
    """Whether the memory does not hold the training and a chat with the model."""
    path, engine = required_path(entry), settings.engine
    chat = fit(read_header(path), engine.context, engine.kv_type)
    need = pace(store, entry.name, path).memory + (_counted_free(chat) if chatting else chat.total)
    return need + MARGIN > free_memory()


def _counted_free(chat: Fit) -> int:
    """What counts as free although a loaded model needs it: weights that are mapped."""
    return max(0, chat.weights - chat.repacked)
