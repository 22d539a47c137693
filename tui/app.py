"""The Textual app: `run` is what `localai` without a command calls.

It puts store, bridge and screen together and owns the themes. No model and no SQL here.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.message import Message

from localai import config
from localai.chat.open import open_engine
from localai.config import Settings
from localai.errors import ExitCode, StoreDamaged, StoreError, StoreNewer, UsageError
from localai.store.rows import Hit
from localai.store.store import Store
from tui import clipboard
from tui.backend import Backend, OpenEngine, OpenStore
from tui.bridge import Bridge
from tui.commands import ActionCommands, ConversationCommands
from tui.keymap import bindings
from tui.learning.tuner import tune_command
from tui.screens.chat import ChatScreen
from tui.screens.editor import EditorScreen
from tui.screens.learning import LearningScreen
from tui.screens.review import ReviewScreen
from tui.screens.search import SearchScreen
from tui.themes import DARK, LIGHT

COLLECT = (10_000, 20, 50)
"""Thresholds of the garbage collector. Painting makes many small objects that die at once;
with Python's own 700 a page of scrolling is interrupted several times."""


class LocalaiApp(App[None]):
    """The app. `open_store` is called twice: for the screen, and in the bridge's thread.

    `tune` is the command that trains on the corrections, program first.
    """

    TITLE = "localai"
    CSS_PATH: ClassVar = ["app.tcss", "compare.tcss", "dialogs.tcss", "editors.tcss", "review.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings("anywhere")
    COMMANDS: ClassVar = {ActionCommands, ConversationCommands}

    def __init__(
        self,
        settings: Settings,
        *,
        open_store: OpenStore,
        open_engine: OpenEngine,
        tune: Sequence[str],
        conversation: str = "",
        today: Callable[[], date] = date.today,
    ) -> None:
        super().__init__()
        self.settings = settings
        self._open_store, self._open_engine = open_store, open_engine
        self._conversation, self._today = conversation, today
        self._store: Store | None = None
        self.chat: ChatScreen | None = None
        self._copied = self._searched = ""
        self.bridge = Bridge(lambda: Backend(settings, open_store, open_engine, tune), self._tell)
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        known = settings.app.theme in self.available_themes
        self.theme = settings.app.theme if known else DARK.name

    def on_mount(self) -> None:
        """Open the store and show the chat."""
        gc.set_threshold(*COLLECT)
        self._store = self._open_store()
        self.chat = ChatScreen(
            self._store,
            self.bridge,
            self.settings,
            self._open_store,
            self._conversation,
            self._today,
        )
        self.push_screen(self.chat)
        self.bridge.start()
        self.theme_changed_signal.subscribe(self, lambda theme: self._keep_theme(theme.name))

    def on_unmount(self) -> None:
        """Stop the engine, then close the store."""
        self.bridge.close()
        if self._store is not None:
            self._store.close()

    @property
    def clipboard(self) -> str:
        """What was copied last in the app, for pasting inside it."""
        return self._copied

    def copy_to_clipboard(self, text: str) -> None:
        """Copy with the desktop's own tool where there is one, else through the terminal."""
        self._copied = text
        clipboard.copy(text, super().copy_to_clipboard, clipboard.tool())

    async def action_quit(self) -> None:
        """Quit, but not over a correction that is being written."""
        if isinstance(self.screen, EditorScreen) and self.screen.changed:
            self.screen.action_leave()
        else:
            self.exit()

    def action_search(self) -> None:
        """Search everything that was said, and go to a message."""
        chat = self.chat
        if chat is None or self.screen is not chat:
            return
        search = SearchScreen(self._open_store, self._searched, chat.forget_mentions)

        def go(hit: Hit | None) -> None:
            self._searched = search.text
            if hit is not None:
                chat.open_conversation(hit.conversation, hit.message)

        with chat.reporting():
            self.push_screen(search, go)

    def action_review(self) -> None:
        """Look through what is learned from, over the chat or the learning screen."""
        chat = self.chat
        if chat is not None and (self.screen is chat or isinstance(self.screen, LearningScreen)):
            with chat.reporting():
                rewrites = self.settings.tune.rewrites
                review = ReviewScreen(chat.store, self._open_store(), self.bridge, rewrites)
                self.push_screen(review, chat.reviewed)

    def _tell(self, message: Message) -> bool:
        return self.chat is not None and self.chat.post_message(message)

    def _keep_theme(self, name: str) -> None:
        if self.chat is None or name == self.settings.app.theme:
            return
        self.settings.app.theme = name
        self.chat.keep("app.theme", name)


def run(*, model: str = "") -> int:
    """Run the app in this terminal; the exit code.

    `model` is a name or a path. Raises LocalaiError when it cannot start.
    """
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UsageError("The app needs a terminal; use localai ask in scripts and pipes.")
    settings = config.load()
    open_store().close()
    app = LocalaiApp(
        settings,
        open_store=open_store,
        open_engine=partial(open_engine, settings, model),
        tune=tune_command(settings, model),
    )
    app.run()
    return app.return_code or ExitCode.OK


def open_store() -> Store:
    """The user's conversations; at least readable where they cannot be written.

    Raises StoreError with the reason when they cannot be opened at all.
    """
    try:
        return Store.open(checkpoints=True)
    except (StoreDamaged, StoreNewer):
        raise
    except StoreError as error:
        try:
            return Store.open(readonly=True)
        except StoreError:
            raise error from None
