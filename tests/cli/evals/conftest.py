"""The one task there is, and `localai eval` on a toy model."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import Result
from msgspec.structs import replace

from localai.chat.adapters import file_hash
from localai.chat.open import open_toolbox
from localai.chat.session import Session
from localai.config import Settings
from localai.engine.base import Sampled
from localai.engine.scripted import ScriptedEngine
from localai.evals.task import Task
from localai.evals.tasks import TASKS
from localai.store.store import Store
from localai.store.tuning import Adapter
from tests.cli.conftest import Engine
from tests.cli.conftest import Run as Command
from tests.cli.scripted_main import ENTRY
from tests.evals import places

REPLIES = ["It is \x1b[2JParis.", "Quito", "Rome", "Tokyo"]
RIGHT, WRONG = "a" * 64, "b" * 64


class Capitals(Engine):
    """Knows them all under one adapter, and none under another."""

    def sample(self, jobs: Any) -> Iterator[Sampled]:  # type: ignore[override]
        for sampled in super().sample([replace(job, n=1) for job in jobs]):
            prompt = "".join(self.pieces(jobs[sampled.job].request.ids))
            city = next(city for country, city in places.CAPITALS if country in prompt)
            text = {RIGHT: city, WRONG: "Lyon"}.get(self.load().adapter, sampled.text)
            for number in range(jobs[sampled.job].n):
                yield replace(sampled, text=text, sample=number)


def offer(monkeypatch: pytest.MonkeyPatch, task: Task) -> None:
    """Let there be a task more."""
    module = ModuleType(task.name)
    module.TASK = task  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, f"localai.evals.tasks.{task.name}", module)
    monkeypatch.setitem(TASKS, task.name, task.name)


@pytest.fixture(autouse=True)
def task(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one task there is."""
    for name in list(TASKS):
        monkeypatch.delitem(TASKS, name)
    offer(monkeypatch, places.task(styles=("direct", "steps")))


Eval = Callable[..., Result]


@pytest.fixture
def evaluate(run: Command, model: str) -> Eval:
    """`localai eval` on the toy model; `engine` answers."""

    def command(*arguments: str, engine: ScriptedEngine | None = None) -> Result:
        asked = engine or Capitals(REPLIES)

        def opener(store: Store, settings: Settings, **options: Any) -> Session:
            assert options == {"model": "", "private": True}
            entry = replace(ENTRY, path=Path(model))
            return Session(
                store, asked, settings, entry, open_tools=partial(open_toolbox, settings)
            )

        return run("eval", *arguments, open_session=opener)

    return command


@pytest.fixture
def adapters(model: str) -> tuple[Adapter, ...]:
    """One that knows all capitals and one that knows none, in force."""
    with Store.open() as store:
        base = file_hash(store, Path(model))
        found = tuple(
            store.add_adapter(
                base=base, base_bytes=Path(model).stat().st_size, file=f"/{sha}.gguf", sha256=sha
            )
            for sha in (RIGHT, WRONG)
        )
        store.activate(base, found[1].id, "chosen")
    return found


def ids(*numbers: int) -> list[str]:
    """Of the runs, the oldest first."""
    with Store.open() as store:
        found = store.evals()[::-1]
    return [found[number].short_id for number in numbers]
