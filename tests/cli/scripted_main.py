"""The command line with a scripted engine in place of the real one, as a program.

Started by the pty and pipe tests as `python -m tests.cli.scripted_main`; the replies are
the JSON list in SCRIPTED_REPLIES, each a text or the fields of a Script.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

from localai.catalog import ModelEntry
from localai.catalog.description import Description, FileSource
from localai.chat.open import open_toolbox
from localai.chat.session import Session
from localai.cli.invocation import Invocation
from localai.cli.main import cli, prepare
from localai.config import Settings
from localai.conversation import Event
from localai.engine.base import Request, Thinking
from localai.engine.scripted import Script, ScriptedEngine
from localai.store.store import Store

THINKING = Thinking("<think>", "</think>", switchable=True)
ENTRY = ModelEntry(
    name="scripted",
    path=Path("/scripted.gguf"),
    description=Description(
        name="scripted", source=FileSource("/scripted.gguf"), file="scripted.gguf", bytes=1
    ),
)


def session_opener(engine: ScriptedEngine) -> Any:
    """What `Invocation.open_session` expects, with `engine` behind it."""

    def open_session(
        store: Store, settings: Settings, *, model: str, private: bool = False, **rest: Any
    ) -> Session:
        tools = partial(open_toolbox, settings)
        return Session(store, engine, settings, ENTRY, open_tools=tools, **rest)

    return open_session


class Paced(ScriptedEngine):
    """Takes its time over each token, as a real model does."""

    def generate(self, request: Request) -> Generator[Event, None, None]:
        for event in super().generate(request):
            threading.Event().wait(float(os.environ.get("SCRIPTED_PACE", "0")))
            yield event


def replies() -> list[str | Script]:
    given = json.loads(os.environ["SCRIPTED_REPLIES"])
    return [reply if isinstance(reply, str) else Script(**reply) for reply in given]


if __name__ == "__main__":
    prepare()
    thinking = THINKING if os.environ.get("SCRIPTED_THINKING") else None
    template = os.environ.get("SCRIPTED_TEMPLATE", "")
    engine = Paced(replies(), thinking=thinking, template=template)
    cli.main(prog_name="localai", obj=Invocation(open_session=session_opener(engine)))
