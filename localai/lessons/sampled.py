"""A sampled answer in its conversation, as it is learned or recalled: to its end marker."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from localai.conversation import Message, assistant
from localai.engine.base import Engine, Rendered, RenderOptions
from localai.lessons.maker import WHOLE


def whole(
    engine: Engine,
    talk: Sequence[Message],
    prompt: tuple[int, ...],
    text: str,
    ids: tuple[int, ...],
    options: RenderOptions = WHOLE,
) -> Rendered | None:
    """The talk, which was rendered as `prompt`, with the answer after it that this engine sampled
    as `ids`, which spell `text`; None where the chat template does not give just these back."""
    said = replace(assistant(text), ids=ids, vocab=engine.load().vocab_hash)
    found, read = engine.render((*talk, said), options), (*prompt, *ids)
    return found if found.ids[: len(read)] == read else None
