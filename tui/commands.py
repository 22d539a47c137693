"""The command palette's commands, from the table of actions, and the conversations."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from localai.errors import LocalaiError
from localai.sanitize import one_line
from tui.keymap import key_names, palette

if TYPE_CHECKING:
    from tui.screens.chat import ChatScreen


class ActionCommands(Provider):
    """Everything in the table of actions that has a title."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for action in palette():
            yield DiscoveryHit(
                action.title,
                partial(self.app.run_action, action.action, self.screen),
                help=_help(action.help, action.keys),
            )

    async def search(self, query: str) -> Hits:
        """Those whose title matches."""
        matcher = self.matcher(query)
        for action in palette():
            if (score := matcher.match(action.title)) > 0:
                yield Hit(
                    score,
                    matcher.highlight(action.title),
                    partial(self.app.run_action, action.action, self.screen),
                    help=_help(action.help, action.keys),
                )


class ConversationCommands(Provider):
    """Open a conversation by words of its title or of what was said in it."""

    async def search(self, query: str) -> Hits:
        """Conversations that the store finds for the query."""
        screen = cast("ChatScreen", self.screen)
        try:
            rows = screen.store.conversations(limit=20, query=query)
        except LocalaiError:
            return
        for number, row in enumerate(rows):
            yield Hit(
                0.5 - number / 100,
                Content(one_line(row.title)),
                partial(screen.open_conversation, row.id),
                help="Open conversation",
            )


def _help(text: str, keys: str) -> str:
    return f"{text} ({key_names(keys)})" if keys else text
