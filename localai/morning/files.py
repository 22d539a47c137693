"""The reports in the data folder: one of each run as Markdown and as a page, for their owner
alone, and only those of the last runs. They can be made again from the history at any time."""

from __future__ import annotations

from pathlib import Path

from localai import paths
from localai.errors import StoreError
from localai.store.store import Store
from localai.store.tuning import Run

KEPT = 30
"""Runs whose reports stay."""


def write(store: Store, run: Run) -> Path:
    """Write the report of a run, and remove those of runs long ago; where its page is.

    Raises StoreError when it cannot be written.
    """
    from localai.morning import markdown, page  # what reads reports must not wait for this
    from localai.morning.history import history
    from localai.morning.making import morning

    told = morning(store, run)
    folder = paths.private_dir(paths.reports())
    file = folder / f"{run.id}.html"
    try:
        paths.replace(file.with_suffix(".md"), markdown.report(told))
        paths.replace(file, page.page(told, history(store)))
        _thin(folder)
    except OSError as error:
        raise StoreError(
            f"The report cannot be written in {folder} ({error.strerror}); "
            "`localai tune report` shows it once there is space."
        ) from error
    return file


def _thin(folder: Path) -> None:
    """Remove the oldest; the ids of runs, which they are called by, are in the order of time."""
    names = sorted({each.stem for each in folder.glob("*.html")})
    for name in names[:-KEPT]:
        for suffix in (".html", ".md"):
            (folder / f"{name}{suffix}").unlink(missing_ok=True)
