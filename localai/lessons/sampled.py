"""A sampled answer as it is learned or recalled: after the very prompt that it was sampled for, to
its end marker.

It is not rendered again, since not every chat template gives back what was said: reasoning may
be left out, or written in another way.
"""

from __future__ import annotations

from collections.abc import Sequence

from localai.conversation import assistant, user
from localai.engine.base import Engine, Rendered
from localai.engine.prefix import common
from localai.lessons.maker import WHOLE, Example


def whole(prompt: Rendered, ids: Sequence[int], end: Sequence[int] = ()) -> Example:
    """The prompt and what was sampled as `ids`, which counts, as does the `end`; what the model
    said before in the same talk counts as the prompt has it."""
    said = (*ids, *end)
    return Example((*prompt.ids, *said), (*prompt.weights, *(1.0 for _ in said)))


def end_marker(engine: Engine) -> tuple[int, ...]:
    """What the chat template ends an answer with: that in which two answers end alike. Raises
    EngineError where the template does not show where an answer is."""
    one, other = (_last_counted(engine, text) for text in ("Yes", "No"))
    length = common(one[::-1], other[::-1])
    return one[len(one) - length :]


def _last_counted(engine: Engine, text: str) -> tuple[int, ...]:
    """The ids of an answer that count, in a talk of one turn."""
    found = engine.render((user("?"), assistant(text)), WHOLE)
    return tuple(id for id, weight in zip(found.ids, found.weights, strict=True) if weight)
