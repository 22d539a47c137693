"""Which form a record has, told by its keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from localai.port import chatgpt, claude, oasst, pairs, turns
from localai.port.values import Unreadable
from localai.store.drafts import Draft

Reader = Callable[[dict[str, Any], float], Draft]


class Format(NamedTuple):
    """A form of records: `read` takes one and the present time in Unix seconds."""

    name: str
    keys: frozenset[str]
    read: Reader


# The first whose keys are all there is taken.
FORMATS = tuple(
    Format(name, frozenset(keys.split()), read)
    for name, keys, read in (
        ("Markdown", "markdown messages", turns.read),
        ("ChatGPT", "mapping", chatgpt.read),
        ("Claude", "chat_messages", claude.read),
        ("OpenAI messages", "messages", turns.read),
        ("ShareGPT", "conversations", turns.read),
        ("ShareGPT", "conversation", turns.read),
        ("preference pairs", "chosen rejected", pairs.preference),
        ("prompts and completions", "prompt completion", pairs.completion),
        ("Alpaca", "instruction output", pairs.alpaca),
        ("Dolly", "instruction response", pairs.alpaca),
    )
)
OASST = Format("OpenAssistant", frozenset(("prompt",)), oasst.read)


def recognise(value: Any) -> Format:
    """The form of a record. Raises Unreadable when it is of none."""
    if not isinstance(value, dict):
        raise Unreadable("it is no JSON object")
    if isinstance(value.get("prompt"), dict) and "replies" in value["prompt"]:
        return OASST
    for each in FORMATS:
        if each.keys <= value.keys():
            return each
    raise Unreadable("it is no conversation in a form that localai knows")
