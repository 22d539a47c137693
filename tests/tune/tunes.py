"""Whole tunes of a toy model without training, for tests of what comes around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from localai.catalog import Catalog
from localai.config import Settings
from localai.conversation import assistant, user
from localai.engine.scripted import ScriptedEngine
from localai.store.store import Store
from localai.store.tuning import Run
from localai.tune.hosts import Hosts
from localai.tune.job import Job
from localai.tune.plan import ADAPTER, PLAN, Plan, Trained
from tests.catalog import toy
from tests.engine.tiny_adapter import write_adapter

Kind = TypeVar("Kind", bound=Job)


class Toys:
    """Tunes of a toy model, whose training ends by `trouble`, or well."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.trouble: BaseException | None = None
        self.plans: list[Plan] = []
        self.hosts: Hosts | None = None
        self.model = toy.write(folder / "toy.gguf")

    def job(self, kind: type[Kind], **wanted: Any) -> Kind:
        """One of that kind, to be run."""
        entry = Catalog().resolve(str(self.model))
        return kind(
            self.store,
            Settings(),
            entry,
            lambda progress: None,
            factory=lambda options: ScriptedEngine(),
            **wanted,
        )

    def train(
        self, folder: Path, plan: Plan, tell: object, hosts: Hosts | None, *_: object
    ) -> Trained:
        """Stands in for the training process."""
        self.plans.append(plan)
        self.hosts = hosts
        (folder / PLAN).write_bytes(msgspec.msgpack.encode(plan))
        if self.trouble is not None:
            raise self.trouble
        write_adapter(folder / ADAPTER)
        return Trained(1, "cpu", "t")


class Tunes(Toys):
    """Without rounds."""

    def tune(
        self,
        *,
        name: str = "",
        seconds: float = 0.0,
        resume: bool | None = None,
        hosts: Hosts | None = None,
    ) -> Run:
        """A tune with these options, to its end."""
        return self.job(Job, name=name, seconds=seconds, resume=resume, hosts=hosts).run()

    def interrupted(self, trouble: BaseException, *, name: str = "", seconds: float = 0.0) -> Run:
        """A tune that ended so in its training."""
        self.trouble = trouble
        with pytest.raises(type(trouble)):
            self.tune(name=name, seconds=seconds, resume=False)
        self.trouble = None
        return self.store.runs()[0]


def teach(store: Store, question: str, name: str = "") -> None:
    store.write_example((user(question), assistant("Ahoy!")), name=name)
