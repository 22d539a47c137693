"""The serving engine as a tune uses it: to render with, and to ask by one adapter or another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path

from localai.catalog import ModelEntry
from localai.chat.open import EngineFactory, load_options, open_toolbox
from localai.chat.prompt import system_text
from localai.config import Settings
from localai.digest import sha256
from localai.engine.base import AdapterFile, Engine
from localai.errors import AdapterError
from localai.evals.task import Place
from localai.lessons.maker import Maker, maker_of
from localai.store.store import Store
from localai.store.tuning import Adapter
from localai.tools.tool import Tool
from localai.tune.plan import ADAPTER


class Serving:
    """Starts engines for the model `entry`, each to be ended by its block."""

    def __init__(
        self, store: Store, settings: Settings, entry: ModelEntry, factory: EngineFactory
    ) -> None:
        self._store, self._settings, self._entry = store, settings, entry
        self._factory = factory

    @property
    def head(self) -> str:
        """The system text of new conversations."""
        return system_text(self._settings, self._entry.description)

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """One that answers by the bare model."""
        engine = self._factory(load_options(self._settings, self._entry, private=True))
        try:
            yield engine
        finally:
            engine.close()

    @contextmanager
    def place(self) -> Iterator[Place]:
        """One to evaluate in, with the tools that a chat has."""
        with self.engine() as engine, closing(open_toolbox(self._settings)) as toolbox:
            yield Place(engine, self._entry, self._settings, self._store, toolbox)

    def maker(self, engine: Engine) -> Maker:
        """What makes examples with an engine."""
        return maker_of(engine, lambda: self._tools, self._entry.description, self._settings)

    def use_active(self, engine: Engine, base: str) -> Adapter | None:
        """Have the engine answer as the chat does, by the adapter that is active for the model
        `base`; which that is, None for the bare model."""
        active = self._store.active_adapter(base)
        if active is not None:
            try:
                engine.use_adapter(active.file, active.sha256, base=active.base)
            except AdapterError:  # the chat answers without it, too
                active = None
        if active is None:
            engine.use_adapter("", "")
        return active

    def use(self, base: str, engine: Engine, folder: Path | None) -> None:
        """Have the engine answer by the adapter that training left in a folder; None: as the chat
        does."""
        if folder is None:
            self.use_active(engine, base)
        else:
            tried = made(folder, base)
            engine.use_adapter(tried.path, tried.sha256, base=base)

    @cached_property
    def _tools(self) -> tuple[Tool, ...]:
        """The tools that calls in examples may be of; looked for only if there are calls."""
        toolbox = open_toolbox(self._settings)
        toolbox.close()
        return tuple(toolbox.tools.values())


def made(folder: Path, base: str) -> AdapterFile:
    """The adapter that training left in a folder, for the model `base`."""
    file = folder / ADAPTER
    return AdapterFile(str(file), sha256(file), base=base)
