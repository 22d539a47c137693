"""The evaluations there are, by name. Each is imported when it is used."""

from __future__ import annotations

from importlib import import_module

from localai.errors import UsageError
from localai.evals import plugged
from localai.evals.task import Task

TASKS: dict[str, str] = {
    "known": "known",
    "unknown": "unknown",
    "boundary": "boundary",
    "tools": "tools",
    "reasoning": "reasoning",
    "hygiene": "hygiene",
    "retention": "retention",
    "corrections": "corrections",
}
"""Name to the module in this package whose TASK it is."""


def find(name: str) -> Task:
    """The task of that name, ours or an installed package's. Raises UsageError."""
    if name not in TASKS:
        if plugin := plugged.find(name):
            return plugin
        known = ", ".join((*TASKS, *plugged.names()))
        raise UsageError(f"There is no task {name!r}; there are: {known}.")
    task: Task = import_module(f"localai.evals.tasks.{TASKS[name]}").TASK
    return task
