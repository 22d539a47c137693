"""Runs the command line in this process, with a scripted engine and a home of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from localai.cli.invocation import Invocation
from localai.cli.main import cli
from localai.engine import gentle
from localai.engine.scripted import Script, ScriptedEngine
from localai.tune import job
from tests.catalog import toy
from tests.cli.fake_job import FakeJob
from tests.cli.scripted_main import session_opener

Run = Callable[..., Result]


class Engine(ScriptedEngine):
    """Outlives its session, so that a test can look at what it was sent."""

    def close(self) -> None:
        self.cancel()

    def prompt(self) -> str:
        """The text of the last prompt."""
        return "".join(self.pieces(self.requests[-1].ids))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything that is written goes here."""
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def model(tmp_path: Path) -> str:
    """The file of a toy model."""
    return str(toy.write(tmp_path / "toy.gguf"))


@pytest.fixture
def run() -> Run:
    """`run("ask", "Hi", replies=["Hello!"])`: the result of one command."""

    def command(
        *arguments: str,
        replies: Sequence[str | Script] = ("Hello!",),
        engine: ScriptedEngine | None = None,
        input: str | bytes | None = None,
        **invocation: Any,
    ) -> Result:
        engine = engine or ScriptedEngine(replies)
        obj = Invocation(**{"open_session": session_opener(engine)} | invocation)
        return CliRunner().invoke(cli, arguments, input=input, obj=obj, prog_name="localai")

    return command


@pytest.fixture
def base(model: str) -> str:
    """Its hash."""
    return hashlib.sha256(Path(model).read_bytes()).hexdigest()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeJob]:
    """What runs in the place of a tune."""
    monkeypatch.setattr(job, "Job", FakeJob)
    monkeypatch.setattr(gentle, "step_back", lambda nice: None)
    return FakeJob
