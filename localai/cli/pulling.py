"""A pull as it is seen on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Protocol

from localai.catalog import Catalog, ModelEntry
from localai.catalog.memory import has_discrete_gpu, total_memory
from localai.catalog.pull import pull
from localai.catalog.transfer import Planned, Progressed, Verifying
from localai.cli.failure import note, say
from localai.errors import DownloadError

STEP = 10
"""Percent between two lines."""


class View(Protocol):
    """Shows how far a transfer is, in bytes."""

    def start(self, total: int, done: int) -> None:
        """It begins."""
        ...

    def advance(self, done: int) -> None:
        """`done` bytes are here."""
        ...

    def verify(self) -> None:
        """A file is here and is compared with its checksum."""
        ...

    def close(self) -> None:
        """It ended, one way or the other. May be called again."""
        ...


def follow(catalog: Catalog, target: str, name: str) -> ModelEntry:
    """Pull and show it. Ctrl-C stops it and says how to go on."""
    view: View = Bar() if sys.stderr.isatty() else Lines()
    try:
        with closing(pull(catalog, target, name)) as events:
            for event in events:
                if isinstance(event, Planned):
                    _announce(event)
                    view.start(event.total, event.have)
                elif isinstance(event, Progressed):
                    view.advance(event.done)
                elif isinstance(event, Verifying):
                    view.verify()
                else:
                    return event.entry
    except KeyboardInterrupt:
        view.close()
        again = f"{target} --name {name}" if name else target
        note(f"Stopped; what has arrived is kept. Go on with: localai models pull {again}")
        raise
    finally:
        view.close()
    raise DownloadError(f"Fetching {target} ended early; run the same command again.")


def _announce(plan: Planned) -> None:
    resumed = f", {plan.have / 1e6:,.0f} MB of it are here already" if plan.have else ""
    note(f"Fetching {plan.file} ({plan.total / 1e6:,.0f} MB{resumed})")
    if plan.total > total_memory() and not has_discrete_gpu():
        say(
            f"This model is larger than the memory of this machine ({total_memory() / 1e9:.1f} GB) "
            "and will not run here; Ctrl-C stops the transfer."
        )


class Lines:
    """A line for every tenth, for logs."""

    def __init__(self) -> None:
        self._total = self._next = 0

    def start(self, total: int, done: int) -> None:
        """Nothing to say before the first tenth is full."""
        self._total = max(total, 1)
        self._next = 100 * done // self._total // STEP * STEP + STEP

    def advance(self, done: int) -> None:
        """Say it when another tenth is full."""
        percent = 100 * done // self._total
        if percent >= self._next:
            note(f"{percent} % of {self._total / 1e6:,.0f} MB")
            self._next = percent // STEP * STEP + STEP

    def verify(self) -> None:
        """It takes a while for large files."""
        note("Comparing with the checksum")

    def close(self) -> None:
        """Nothing is left open."""


class Bar:
    """A bar with speed and remaining time."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._progress = Progress(
            BarColumn(bar_width=24),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task("", start=False, total=None)

    def start(self, total: int, done: int) -> None:
        """Show the bar."""
        self._progress.update(self._task, total=total, completed=done)
        self._progress.start_task(self._task)
        self._progress.start()

    def advance(self, done: int) -> None:
        """Move it."""
        self._progress.update(self._task, completed=done, description="")

    def verify(self) -> None:
        """Say why the full bar still stands there."""
        self._progress.update(self._task, description="verifying")

    def close(self) -> None:
        """Leave the cursor below it."""
        self._progress.stop()
