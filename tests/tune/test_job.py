"""How a tune starts its engine; no model is loaded here and nothing trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai import paths
from localai.catalog.entry import from_path
from localai.config import Settings
from localai.conversation import assistant, user
from localai.engine.base import Engine, LoadOptions
from localai.errors import EngineError
from localai.store.store import Store
from localai.tune.job import Job
from tests.catalog import toy


def no_engine(asked: list[LoadOptions], options: LoadOptions) -> Engine:
    asked.append(options)
    raise EngineError("It did not start; try again.")


def test_its_engine_leaves_the_conversations_saved_caches_alone(
    store: Store, tmp_path: Path
) -> None:
    asked: list[LoadOptions] = []
    entry = from_path(toy.write(tmp_path / "toy.gguf"))
    store.write_example((user("Hello"), assistant("Ahoy!")), name="pirate")
    tune = Job(
        store,
        Settings(),
        entry,
        lambda progress: None,
        name="pirate",
        factory=lambda options: no_engine(asked, options),
    )
    with pytest.raises(EngineError):
        tune.run()
    (options,) = asked
    assert (options.path, options.kv_folder) == (str(entry.path), "")
    assert not paths.kv().exists()
    (run,) = store.runs()
    assert (run.state, run.error) == ("failed", "It did not start; try again.")
