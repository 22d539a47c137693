"""The app on a stage: a scripted engine, a database in a temporary folder, a pilot."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
from textual.pilot import Pilot

from localai.catalog import Description, ModelEntry
from localai.catalog.description import FileSource
from localai.config import Settings
from localai.conversation import Completion, Message, assistant, user
from localai.engine.base import ModelInfo
from localai.engine.scripted import Script, ScriptedEngine
from localai.errors import LocalaiError
from localai.render.base import Thinking
from localai.store.rows import Conversation, Origin
from localai.store.store import Store
from tests.tui.lessons import model_file
from tui.app import LocalaiApp
from tui.backend import Backend
from tui.screens.chat import ChatScreen

THINK = Thinking("<think>", "</think>", True)
PATIENCE_SECONDS = 10.0
Predicate = Callable[[], object]


def entry(path: Path = Path("/scripted.gguf"), tool_format: str = "none") -> ModelEntry:
    """A model that is only a name."""
    description = Description(
        name="scripted", source=FileSource(str(path)), file=path.name, tool_format=tool_format
    )
    return ModelEntry("scripted", path, description)


class TemplatedEngine(ScriptedEngine):
    """A scripted engine whose model says where its chat template came from."""

    template_source = "file"

    def load(self) -> ModelInfo:
        return msgspec.structs.replace(super().load(), template_source=self.template_source)


class Stage:
    """An app that has not started; `show` runs it."""

    def __init__(
        self,
        folder: Path,
        replies: Sequence[str | Script] = ("Hello!",),
        *,
        n_ctx: int = 4096,
        thinking: Thinking | None = None,
        load_error: LocalaiError | None = None,
        open_error: LocalaiError | None = None,
        conversation: str = "",
        settings: Settings | None = None,
        template_source: str = "file",
        tune: Sequence[str] = (),
        adapter_error: LocalaiError | None = None,
        template: str = "",
    ) -> None:
        self.database = folder / "localai.db"
        self.model = model_file(folder)
        self.engine = TemplatedEngine(
            replies,
            n_ctx=n_ctx,
            thinking=thinking,
            load_error=load_error,
            adapter_error=adapter_error,
            template=template,
        )
        self.engine.template_source = template_source
        self._open_error, self._tools = open_error, bool(template)
        self.settings = settings or Settings()
        self.app = LocalaiApp(
            self.settings,
            open_store=lambda: Store.open(self.database),
            open_engine=self._open_engine,
            tune=tune,
            conversation=conversation,
        )
        self.pilot: Pilot[None]

    def _open_engine(self) -> tuple[ModelEntry, ScriptedEngine]:
        if self._open_error is not None:
            raise self._open_error
        tool_format = "" if self._tools else "none"
        return entry(self.model, tool_format), self.engine

    @asynccontextmanager
    async def show(self, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Stage]:
        """Run the app headless."""
        async with self.app.run_test(size=size) as pilot:
            self.pilot = pilot
            await self.until(lambda: self.chat.status_line.status.model or self._open_error)
            yield self

    @property
    def chat(self) -> ChatScreen:
        """The main screen."""
        assert self.app.chat is not None
        return self.app.chat

    @property
    def store(self) -> Store:
        """The screen's own store."""
        return self.chat.store

    @property
    def text(self) -> str:
        """What the transcript shows."""
        transcript = self.chat.transcript
        lines = (transcript.render_line(y).text.rstrip() for y in range(transcript.size.height))
        return "\n".join(lines)

    @property
    def said(self) -> list[str]:
        """The sentences of all notices so far."""
        return [notice.message for notice in self.app._notifications]

    async def until(self, predicate: Predicate) -> None:
        """Wait until it holds."""
        await until(self.pilot, predicate)

    @contextmanager
    def thread_busy(self) -> Iterator[None]:
        """The bridge's thread does nothing meanwhile: what it was about to do is done before."""
        begun, go_on = threading.Event(), threading.Event()

        def wait(_: Backend) -> None:
            begun.set()
            assert go_on.wait(PATIENCE_SECONDS)

        self.app.bridge._jobs.put(wait)
        assert begun.wait(PATIENCE_SECONDS)
        try:
            yield
        finally:
            go_on.set()

    async def ask(self, text: str) -> None:
        """Send a message and wait for the end of its turn."""
        asked = len(self.engine.requests)
        self.chat.prompt.focus()
        self.chat.prompt.put(text)
        await self.pilot.press("enter")
        await self.until(lambda: len(self.engine.requests) > asked and self.chat.turn is None)
        await self.pilot.pause()


async def until(pilot: Pilot[None], predicate: Predicate) -> None:
    """Let the app work until the predicate holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not predicate():
        assert time.monotonic() < deadline, "it never happened"
        await pilot.pause()
        await asyncio.sleep(0.002)


def write(database: Path, messages: Iterable[Message], title: str = "A talk") -> Conversation:
    """Store a conversation as if it had been held."""
    with Store.open(database) as store:
        conversation = store.create_conversation(title)
        parent = ""
        for message in messages:
            if message.role == "assistant":
                row = store.begin_answer(conversation.id, parent, Origin("scripted"))
                row = store.finish_answer(row.id, message, Completion("stop"), "done")
            else:
                row = store.add_message(conversation.id, parent, message)
            parent = row.id
        return store.conversation(conversation.id)


def talk(turns: int) -> list[Message]:
    """Questions and answers, numbered."""
    pairs = ((user(f"Question {i}"), assistant(f"Answer {i}")) for i in range(turns))
    return [message for pair in pairs for message in pair]
