"""What the bridge's thread works with: a store of its own, the engine, a session.

Made and used in that thread only, except `state`, `cancel` and `abandon`. The engine is opened on
first need, so that a model that cannot be loaded leaves the conversations readable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from localai.catalog import ModelEntry
from localai.chat.consent import Approve, deny
from localai.chat.open import open_toolbox
from localai.chat.session import Session
from localai.config import Settings
from localai.engine.base import Engine, EngineState
from localai.store.store import Store
from localai.tools.toolbox import Toolbox
from tui.learning.desk import Desk
from tui.learning.tuner import Tuner
from tui.review.reviewer import Reviewer

OpenStore = Callable[[], Store]
OpenEngine = Callable[[], tuple[ModelEntry, Engine]]


class Backend:
    """One store, one engine, one toolbox; sessions are cheap and made for each job.

    `approve` asks the user whether a tool may act, in the bridge's thread.
    """

    def __init__(
        self,
        settings: Settings,
        open_store: OpenStore,
        open_engine: OpenEngine,
        tune: Sequence[str],
    ) -> None:
        self._settings = settings
        self._open_engine = open_engine
        self._store = open_store()
        self._model: tuple[ModelEntry, Engine] | None = None
        self._toolbox: Toolbox | None = None
        self._stop = threading.Event()
        self.approve: Approve = deny
        self.desk = Desk(self._store, Tuner(tune))
        self.reviewer = Reviewer(self._store)

    @property
    def state(self) -> EngineState:
        """What the engine is doing. Any thread."""
        return self._model[1].state if self._model else "stopped"

    @property
    def model(self) -> tuple[ModelEntry, Engine]:
        """The model's entry and its engine. Raises ModelError when there is none to use."""
        if self._model is None:
            self._model = self._open_engine()
        return self._model

    def session(self, conversation_id: str) -> Session:
        """The session for a conversation; "" is one that begins with the next question."""
        entry, engine = self.model
        conversation = self._store.conversation(conversation_id) if conversation_id else None
        return Session(
            self._store,
            engine,
            self._settings,
            entry,
            conversation,
            open_tools=self._open_tools,
            approve=self.approve,
            stop=self._stop,
        )

    def _open_tools(self, stop: threading.Event) -> Toolbox:
        """The one toolbox, opened when a model is first to be told of tools."""
        if self._toolbox is None:
            self._toolbox = open_toolbox(self._settings, stop)
        return self._toolbox

    @property
    def known(self) -> Session | None:
        """A session if the model was found already; never looks for it."""
        return self.session("") if self._model else None

    def cancel(self) -> None:
        """Stop the running answer, or the tools it runs, soon. Any thread."""
        self._stop.set()
        if self._model is not None:
            self._model[1].cancel()

    def abandon(self) -> None:
        """End the engine, whatever it does; who waits for it gets an EngineError. Any thread."""
        if self._model is not None:
            self._model[1].close()

    def unload(self) -> None:
        """Free the model's memory."""
        if self._model is not None:
            self._model[1].unload()

    def rest(self) -> bool:
        """Free the model's memory unless the model is in use; whether there was any to free."""
        if self.state != "ready":
            return False
        self.unload()
        return True

    def close(self) -> None:
        """End the engine and close the store."""
        try:
            if self._toolbox is not None:
                self._toolbox.close()
            if self._model is not None:
                self._model[1].keep()
                self._model[1].close()
        finally:
            self._store.close()
