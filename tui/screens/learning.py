"""Everything about learning on one screen: what waits, what runs, what came of it.

It shows what the bridge tells it and asks the bridge to act; it reads no store.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Label, OptionList, Static
from textual.widgets.option_list import Option

from localai.morning.verdict import verdict
from localai.store.tuning import Run
from tui.bridge import Bridge
from tui.keymap import bindings
from tui.learning import paint
from tui.learning.values import Overview
from tui.notices import say

BARE = "bare"
"""The option that stands for no adapter."""
TALL = 32
"""Rows from which there is room for the scores over time."""


class LearningScreen(ModalScreen[None]):
    """Shows an overview; empty until the bridge has told one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("learning")
    AUTO_FOCUS = "#adapters"

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._overview: Overview | None = None

    def compose(self) -> ComposeResult:
        """What runs; what waits beside the adapters; the runs; one run's verdict."""
        with VerticalScroll(id="learning", can_focus=False), Vertical(id="sheet"):
            yield Static("", id="headline")
            yield Static("", id="progress")
            with Horizontal(id="material"):
                with Vertical(id="lessons"):
                    yield Label("", id="waiting", classes="heading")
                    with VerticalScroll():
                        yield Static("", id="lesson-list")
                with Vertical(id="choice"):
                    yield Label("Adapters", classes="heading")
                    yield OptionList(id="adapters", markup=False, compact=True)
                    yield Static("", id="trends")
            yield Label("", id="tunes", classes="heading")
            yield OptionList(id="runs", markup=False, compact=True)
            with VerticalScroll(id="verdict"):
                yield Static("", id="verdict-text")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Ask for everything from now on."""
        self._bridge.survey(True)

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self._bridge.survey(False)

    def on_resize(self) -> None:
        """Lay the lines out for the new width, once it is known to the widgets."""
        self.call_after_refresh(self._paint)

    def show(self, overview: Overview) -> None:
        """Bring the screen up to date."""
        self._overview = overview
        self._paint()

    def action_tune(self) -> None:
        """Start a tune."""
        self._bridge.start_tune()

    def action_resume(self) -> None:
        """Go on with a tune that did not come to an end."""
        if self._overview is not None and self._overview.unfinished is not None:
            self._bridge.start_tune(self._overview.unfinished)
        else:
            say(self, "There is no tune to go on with; t starts one.")

    def action_report(self) -> None:
        """Read what the run under the cursor did."""
        run = self._pointed_run()
        if run is not None:
            self._bridge.report(run.id)
        else:
            say(self, "There is no tune to read of; t starts one.")

    def action_stop(self) -> None:
        """Stop the running tune."""
        self._bridge.stop_tune()

    def action_roll_back(self) -> None:
        """Go back to what answered before."""
        self._bridge.roll_back()

    def action_use(self) -> None:
        """Let the adapter under the cursor answer."""
        adapters = self.query_one("#adapters", OptionList)
        if adapters.highlighted is not None:
            chosen = adapters.get_option_at_index(adapters.highlighted).id or BARE
            self._bridge.use("" if chosen == BARE else chosen)

    @on(OptionList.OptionSelected, "#adapters")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_use()

    @on(OptionList.OptionHighlighted, "#runs")
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._paint_verdict()

    def _paint(self) -> None:
        overview = self._overview
        if overview is None or not self.query("#headline"):  # it is being taken down
            return
        width = self.query_one("#headline").content_size.width
        self.query_one("#headline", Static).update(paint.headline(overview, width))
        self.query_one("#progress", Static).update(paint.progress(overview, width))
        learned = f", {overview.learned:,} learned" if overview.learned else ""
        waiting = f"To learn: {len(overview.waiting):,} waiting{learned}"
        self.query_one("#waiting", Label).update(waiting)
        rows = self.query_one("#lesson-list", Static)
        rows.update(paint.lessons(overview.waiting, rows.content_size.width))
        trends = self.query_one("#trends", Static)
        trends.display = bool(overview.trends) and self.size.height >= TALL
        trends.update(paint.trends(overview.trends, trends.content_size.width))
        self._fill_adapters(overview)
        self._fill_runs(overview)
        self._paint_verdict()

    def _fill_adapters(self, overview: Overview) -> None:
        active = overview.adapter.id if overview.adapter else BARE
        rows = [(a.id, paint.adapter_row(a, a.id == active)) for a in overview.adapters]
        rows.append((BARE, paint.adapter_row(None, active == BARE)))
        _fill(self.query_one("#adapters", OptionList), rows, active)

    def _fill_runs(self, overview: Overview) -> None:
        self.query_one("#tunes", Label).update("Tunes" if overview.runs else "No tunes yet")
        runs = self.query_one("#runs", OptionList)
        names = {adapter.id: adapter.name for adapter in overview.adapters}
        width = runs.scrollable_content_region.width - 2
        rows = [
            (run.id, paint.run_row(run, names, verdict(run.verdict), width))
            for run in overview.runs
        ]
        ended = (run.id for run in overview.runs if run.state != "running")
        _fill(runs, rows, next(ended, ""))

    def _paint_verdict(self) -> None:
        text = self.query_one("#verdict-text", Static)
        run = self._pointed_run()
        found = verdict(run.verdict) if run else None
        text.update(paint.verdict_text(run, found, text.content_size.width))

    def _pointed_run(self) -> Run | None:
        runs = self.query_one("#runs", OptionList)
        if self._overview is None or runs.highlighted is None:
            return None
        pointed = runs.get_option_at_index(runs.highlighted).id
        return next((run for run in self._overview.runs if run.id == pointed), None)


def _fill(options: OptionList, rows: list[tuple[str, Content]], start: str) -> None:
    """Show rows by id; the cursor stays on the row where it was, at first on `start`."""
    pointed = start
    if options.highlighted is not None:
        pointed = options.get_option_at_index(options.highlighted).id or start
    ids = [id for id, _ in rows]
    if ids != [option.id for option in options.options]:
        options.set_options(Option(row, id=id) for id, row in rows)
        options.highlighted = ids.index(pointed) if pointed in ids else (0 if ids else None)
        return
    for id, row in rows:
        options.replace_option_prompt(id, row)
