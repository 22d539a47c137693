"""Backing up: where to, and what the backup holds."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from localai import paths
from localai.store.store import Store
from localai.store.upkeep import archive
from tui.backend import OpenStore
from tui.screens.task import TaskScreen, outcome
from tui.typed_path import shown
from tui.widgets.path_input import PathInput

ASKS = "enter backs up · tab completes · esc closes"
WHAT = "Conversations, corrections, adapters and settings go into one file; models do not."


class BackupScreen(TaskScreen):
    """Writes one file, whose name is proposed."""

    def __init__(self, open_store: OpenStore) -> None:
        super().__init__("Back up", open_store)

    def body(self) -> Iterable[Widget]:
        """The file."""
        yield PathInput(shown(archive.target(None, paths.home())), endings=(archive.SUFFIX,))
        yield outcome()

    def on_mount(self) -> None:
        """Say what goes into it."""
        self.query_one(PathInput).focus()
        self.show([WHAT], keys=ASKS)

    def action_go(self) -> None:
        """Write it; then close."""
        if self.working:
            return
        named = self.query_one(PathInput).path
        if self.finished:
            self.dismiss()
            return

        def task(store: Store) -> list[str]:
            path = archive.target(named, paths.home()).absolute()
            return [archive.summary(store.write_backup(path)), f"It is in {shown(path)}"]

        self.work("Writing it and reading it back", task, self.finish)

    def failed(self, sentence: str) -> None:
        """Say why; the name can be changed."""
        self.show(keys=ASKS, problem=sentence)
