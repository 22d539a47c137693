"""An evaluation of the starter model: right about what it knows, and the same each time."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from localai.config import Settings, ToolSettings
from localai.engine.base import LoadOptions
from localai.engine.process import EngineProcess
from localai.evals import running
from localai.evals.running import Plan
from localai.evals.summary import Summary
from localai.evals.task import Manner, Place
from localai.store.store import Store
from localai.store.tuning import Progress
from localai.tools.registry import builtin
from localai.tools.toolbox import Toolbox
from tests.chat.test_session import entry
from tests.evals import places

pytestmark = pytest.mark.model


def quiet(progress: Progress) -> None:
    """Nobody looks."""


def test_two_greedy_evaluations_agree_item_by_item(
    store: Store, starter_model: Path, tmp_path: Path
) -> None:
    with EngineProcess(
        LoadOptions(str(starter_model), n_ctx=2048), log_path=tmp_path / "engine.log"
    ) as engine:
        described = replace(entry(), path=starter_model)
        settings = Settings(tools=ToolSettings(offer="on"))
        tools = Toolbox([builtin("calculator")])
        place = Place(engine, described, settings, store, tools)
        for task in (places.task(), places.task(tools=True)):
            plan = Plan(task=task, manner=Manner(max_tokens=24))
            first, again = (running.run(place, plan, None, quiet) for _ in range(2))
            assert running.outcomes(store, first.id) == running.outcomes(store, again.id)
            assert first.summary == again.summary
            if not task.tools:
                right = msgspec.convert(first.summary, Summary).measures[0]
                assert right.estimate.value >= 0.5
