"""The evaluations there are, by name. Each is imported when it is used."""

from __future__ import annotations

from importlib import import_module

from localai.errors import UsageError
from localai.evals.task import Task

TASKS: dict[str, str] = {"known": "known", "unknown": "unknown", "boundary": "boundary"}
"""Name to the module in this package whose TASK it is."""


def find(name: str) -> Task:
    """The task of that name. Raises UsageError."""
    if name not in TASKS:
        raise UsageError(f"There is no task {name!r}; there are: {', '.join(TASKS)}.")
    task: Task = import_module(f"localai.evals.tasks.{TASKS[name]}").TASK
    return task
