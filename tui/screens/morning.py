"""The chat screen's morning: what a tune did while nobody looked, or why none did anything, and the
keys for it."""

from __future__ import annotations

from textual import on
from textual.content import Content
from textual.widgets import Static

from tui.learning.values import News
from tui.messages import Glanced, Reported
from tui.screens.base import ChatBase
from tui.screens.learning import LearningScreen
from tui.screens.report import ReportScreen

NO_NEWS = "There is no news of a tune; F6 reads the last report."
BETTER = "F6 reads the report, F7 tries it blind, F4 takes it back, F8 puts this away."
AS_IT_WAS = "F6 reads the report, F8 puts this away."
NO_REPORT = "F8 puts this away."
FAINT = "$foreground 65%"


class MorningActions(ChatBase):
    """Shows the news that the bridge tells of, until it was read or put away."""

    _news: News | None = None

    def action_read_report(self) -> None:
        """Read what the last tune did."""
        self.bridge.report(self._news.run if self._news is not None else "")

    def action_try_learned(self) -> None:
        """Have something that was learned answered by the bare model and what answers now."""
        if not self.is_busy():
            self.bridge.try_learned()

    def action_put_away(self) -> None:
        """Show the news no more."""
        if self._news is None:
            self.say(NO_NEWS)
            return
        self._seen()

    @on(Reported)
    def _reported(self, message: Reported) -> None:
        here = self.app.screen is self
        if not here and not isinstance(self.app.screen, LearningScreen):
            return
        adapter = self.glance.adapter
        answers = here and adapter is not None and adapter.id == message.run.adapter
        self.app.push_screen(
            ReportScreen(
                message.text,
                try_learned=self.action_try_learned if answers else None,
                roll_back=self.bridge.roll_back if answers else None,
            )
        )
        if self._news is not None and self._news.run == message.run.id:
            self._seen()

    @on(Glanced)
    def _looked_for_news(self, message: Glanced) -> None:
        self._show_news(message.glance.news)

    def _seen(self) -> None:
        """Keep that it was seen, so that no later start tells it again."""
        if self._news is not None:
            self.settings.app.seen_tune = self._news.key
            self.keep("app.seen_tune", self._news.key)
        self._show_news(None)

    def _show_news(self, news: News | None) -> None:
        if news is not None and news.key == self.settings.app.seen_tune:
            news = None
        self._news = news
        line = self.query_one("#morning", Static)
        line.display = news is not None
        if news is not None:
            line.update(_told(news))


def _told(news: News) -> Content:
    """Lines of what was won, with the keys below; a single one where nothing was."""
    first, *more = news.lines
    if not news.better:
        keys = AS_IT_WAS if news.run else NO_REPORT
        return Content.assemble((first, "$warning"), " ", (keys, FAINT))
    lines = [Content.styled(first, "bold $accent"), *map(Content, more)]
    return Content("\n").join([*lines, Content.styled(BETTER, FAINT)])
