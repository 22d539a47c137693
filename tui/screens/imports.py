"""Importing conversations: a path, what would be added, then the import itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from localai.port import report as reporting
from localai.port.preview import Preview
from localai.port.reading import Import, Report
from localai.port.sources import ENDINGS
from localai.store.store import Store
from tui.backend import OpenStore
from tui.keymap import bindings
from tui.screens.task import Stopped, TaskScreen, outcome
from tui.widgets.path_input import PathInput

ASKS = "enter looks into it · tab completes, or goes to the data set · esc closes"
SET = "Data set to learn from, if any; else it is history only"
WHAT = "An export of ChatGPT or Claude, a data set, our own JSON"


class ImportScreen(TaskScreen):
    """Looks first and adds nothing; the same key again imports."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("import")
    stoppable = True

    def __init__(self, open_store: OpenStore) -> None:
        super().__init__("Import conversations", open_store)
        self._looked: Path | None = None
        self._corrections = 0
        self._trust = False

    def body(self) -> Iterable[Widget]:
        """The path, and the data set."""
        yield PathInput(endings=(*ENDINGS, ".zip"), placeholder=WHAT)
        yield Input(id="set", placeholder=SET, compact=True)
        yield outcome()

    def on_mount(self) -> None:
        """Begin with the path."""
        self._ask()

    @property
    def _field(self) -> PathInput:
        return self.query_one(PathInput)

    @property
    def _data_set(self) -> str:
        return self.query_one("#set", Input).value.strip()

    def action_go(self) -> None:
        """Look; once that is done, import; once that is done, close."""
        if self.working:
            return
        if self.finished:
            self.dismiss()
        elif self._looked is not None:
            self._begin(self._looked, dry_run=False)
        elif self._field.path is not None:
            self._begin(self._field.path, dry_run=True)
        else:
            self._ask("Write the path of a file or a folder first, or drag it in here.")

    def action_leave(self) -> None:
        """Stop; go back to the path; close."""
        if self._looked is not None and not self.working and not self.finished:
            self._ask()
        else:
            super().action_leave()

    def action_trust(self) -> None:
        """Take the corrections that the file brings as one's own, or do not."""
        if self._looked is not None and self._corrections and not (self.working or self.finished):
            self._trust = not self._trust
            self._begin(self._looked, dry_run=True)

    def failed(self, sentence: str) -> None:
        """Say why; the path can be changed."""
        self._ask(sentence)

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        """What was wrong before is wrong no more; the focus stays where one types."""
        event.stop()
        if self.query_one("#complaint").display:
            self.show(keys=ASKS)

    def _ask(self, problem: str = "", lines: Iterable[str] = ()) -> None:
        self._looked, self._corrections, self._trust = None, 0, False
        for field in self.query(Input):
            field.disabled = False
        self._field.focus()
        self.show(lines, keys=ASKS, problem=problem)

    def _begin(self, path: Path, *, dry_run: bool) -> None:
        trust, name = self._trust, self._data_set
        self.ask_no_more()

        def task(store: Store) -> tuple[Report, bool]:
            sink = Preview(store) if dry_run else store
            running = Import(sink, self._told, trust=trust, name=name)
            try:
                return running.run(path), False
            except Stopped:
                return running.report, True

        def then(done: tuple[Report, bool]) -> None:
            report, stopped = done
            if dry_run and stopped:
                self._ask()
            elif dry_run:
                self._show_preview(path, report)
            else:
                self._show_report(report, stopped)

        self.work("Looking into it" if dry_run else "Importing", task, then)

    def _told(self, read: int, total: int, messages: int) -> None:
        self.advance(read, total, f"{100 * read // max(total, 1)} % read, {messages:,} messages")

    def _lines(self, report: Report, *, dry_run: bool) -> list[str]:
        return reporting.lines(
            report, dry_run=dry_run, trust=self._trust, trusting="t", name=self._data_set
        )

    def _show_preview(self, path: Path, report: Report) -> None:
        lines = self._lines(report, dry_run=True)
        if problem := reporting.nothing(report, str(path)):
            self._ask(problem, lines)
            return
        self._looked, self._corrections = path, report.corrections
        turns = "t leaves them as they are" if self._trust else "t takes corrections as yours"
        trust = f"{turns} · " if report.corrections else ""
        self.show(lines, keys=f"enter imports · {trust}esc goes back")

    def _show_report(self, report: Report, stopped: bool) -> None:
        lines = self._lines(report, dry_run=False)
        if stopped:
            lines.insert(0, f"{reporting.stopped(report)}; importing it again goes on.")
        self.finish(lines)
