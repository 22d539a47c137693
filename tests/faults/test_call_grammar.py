"""Calls that are held to their grammar, many of them: each parses and fits its schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from localai.conversation import user
from localai.engine.base import LoadOptions, RenderOptions, Request, Sampling
from localai.engine.process import EngineProcess
from localai.tools import registry
from localai.tools.grammar.formats import constraints
from tests.engine import running
from tests.engine.calling import (
    QUESTIONS,
    TOOLS,
    begun,
    first_call,
    led_by,
    opened,
    straddling,
)
from tests.engine.running import Rig

pytestmark = [pytest.mark.model, pytest.mark.faults]

FORMATS = ("hermes", "inline")
BUILT_IN = {tool.name: tool.parameters for tool in map(registry.builtin, registry.BUILTIN)}
TEMPERATURES = (0.0, 0.7, 1.0)


@pytest.fixture(scope="module")
def engine(
    starter_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EngineProcess]:
    log = tmp_path_factory.mktemp("calls") / "engine.log"
    with EngineProcess(LoadOptions(str(starter_model), n_ctx=4096), log_path=log) as engine:
        engine.load()
        yield engine


@pytest.fixture(scope="module")
def rig(starter_model: Path) -> Iterator[Rig]:
    with running.opened(starter_model, n_ctx=2048) as rig:
        yield rig


@pytest.mark.parametrize("run", range(200))
def test_200_forced_calls(engine: EngineProcess, run: int) -> None:
    format, tools = FORMATS[run % 2], BUILT_IN if run % 5 == 0 else TOOLS
    made = constraints(format, tools)
    one = made[run // 4 % len(made)]
    question = user(QUESTIONS[run % len(QUESTIONS)])
    ids = engine.render([question], RenderOptions(prefill=one.open)).ids
    sampling = Sampling(temperature=TEMPERATURES[run % 3], seed=run)
    process = engine.pid
    events = engine.generate(Request(ids, sampling, constraints=(opened(one),)))
    first_call(format, one.open, events, tools)
    events.close()
    assert engine.pid == process  # it is still the same one


@pytest.mark.parametrize("run", range(200))
def test_200_calls_begun_at_every_token_boundary(rig: Rig, run: int) -> None:
    format = FORMATS[run % 2]
    made = constraints(format, TOOLS)
    one = made[run // 4 % len(made)]
    lead = begun(rig, one, run // 4) if run % 4 < 2 else straddling(rig, one, run // 4)
    sampling = Sampling(temperature=TEMPERATURES[run % 3], seed=run)
    request = Request(rig.ids(QUESTIONS[run % len(QUESTIONS)] + "\n"), sampling)
    with led_by(lead):
        held = msgspec.structs.replace(request, constraints=made)
        first_call(format, "", rig.decoder.generate(held, lambda: False, frozenset()))
