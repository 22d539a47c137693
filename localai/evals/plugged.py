"""Tasks of installed packages, found by the entry point group `localai.tasks`.

    [project.entry-points."localai.tasks"]
    rhymes = "rhymetasks.rhymes:TASK"

To install a package is to trust it: unlike a tool, a task runs in this process, as it asks the
model itself. Only the one that is asked for is imported, and nothing from the working directory.
"""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

import msgspec

from localai.errors import UsageError
from localai.evals.task import Task
from localai.tools import modules, packages

GROUP = "localai.tasks"


def names() -> tuple[str, ...]:
    """What the tasks of installed packages are called."""
    return tuple(_points())


def find(name: str) -> Task | None:
    """The task of that name, None where no package has it. Raises UsageError for one that cannot
    be used."""
    if name not in (points := _points()):
        return None
    package, point = points[name]
    if not _sound(point):
        raise UsageError(
            f"The task {name} of the package {package} is not loaded, as its module is not where "
            "the package is; run localai from another folder."
        )
    try:
        task = point.load()
    except Exception as error:  # it is somebody else's code
        raise UsageError(
            f"The task {name} of the package {package} cannot be loaded ({error}); tell its author."
        ) from error
    if not isinstance(task, Task):
        raise UsageError(f"The package {package} has no task {name}; tell its author.")
    return msgspec.structs.replace(task, name=name)


def _points() -> dict[str, tuple[str, EntryPoint]]:
    """Name to package and entry point; of two of one name the first package's."""
    found: dict[str, tuple[str, EntryPoint]] = {}
    for package, point in sorted(packages.entry_points(modules.folders(), GROUP)):
        found.setdefault(point.name, (package, point))
    return found


def _sound(point: EntryPoint) -> bool:
    """Whether what would be imported is what is installed, and no part of localai."""
    module, where = point.module, modules.root(point.module)
    ours = module.split(".")[0] == "localai"
    return not ours and where is not None and where == modules.root(module, sys.path)
