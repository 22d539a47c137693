"""Where tuning works on disk: one lock, a folder for each run, one for each adapter.

Knows which of them are leftovers of killed runs; nothing of what is in them.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from localai import paths
from localai.errors import LocalaiError, StoreError, UsageError
from localai.store.store import Store
from localai.store.tuning import Adapter

RUNNING = "A tune is running already; wait for it, or stop it with `localai tune stop`."


@contextmanager
def alone() -> Iterator[None]:
    """Hold the one lock of tuning. Raises UsageError when another process has it."""
    paths.private_dir(paths.home())
    lock = FileLock(paths.tune_lock())
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError(RUNNING) from error
    try:
        yield
    finally:
        lock.release()


def clear_leftovers(store: Store, keep: Collection[str] = ()) -> None:
    """Remove what killed runs left: their working folders, but for those of the runs `keep`,
    and adapters that no row names.

    Only with the lock held.
    """
    for run in store.runs():
        if run.state == "interrupted":
            with suppress(LocalaiError):
                store.end_run(run.id, "interrupted")
    for run_id in worked():
        if run_id not in keep:
            shutil.rmtree(work_folder(run_id), ignore_errors=True)
    # By name: the data folder may be reached by another path than when a row was written.
    known = {Path(each.file).parent.name for each in store.adapters()}
    with suppress(FileNotFoundError):
        for folder in adapters_folder().iterdir():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)


def remove(adapter: Adapter) -> None:
    """Delete the files of an adapter that no row names any more. Raises StoreError.

    Only with the lock held, and only below the data folder: what lies elsewhere is not ours.
    """
    folder = Path(adapter.file).parent.resolve()
    if folder.parent != adapters_folder().resolve():
        return
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be deleted ({error.strerror}); delete it yourself."
        ) from error


def work_folder(run_id: str) -> Path:
    """Where a run works; kept as long as somebody may go on with it."""
    return paths.tune_work() / run_id


def worked() -> tuple[str, ...]:
    """The ids of the runs that have a working folder."""
    try:
        return tuple(folder.name for folder in paths.tune_work().iterdir())
    except FileNotFoundError:
        return ()


def adapters_folder() -> Path:
    """Where promoted adapters live, one folder each."""
    return paths.adapters()
