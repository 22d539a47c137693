"""A store in memory and a way to look at what landed in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localai.conversation import Message, ToolCall
from localai.store.store import Store


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.memory() as opened:
        yield opened


Shown = list[tuple[str, str]]


def shown(store: Store, title: str = "") -> Shown:
    """Role and text of what the conversation with that title, or the only one, shows."""
    (row,) = [c for c in store.conversations() if title in ("", c.title)]
    return [(m.message.role, told(m.message)) for m in store.path(row.leaf)]


def told(message: Message) -> str:
    """Text, calls and results in one line."""
    pieces = []
    for part in message.parts:
        if isinstance(part, ToolCall):
            pieces.append(f"{part.name}({part.arguments})")
        else:
            pieces.append(part.text)
    return " | ".join(pieces)
