"""Chat templates, which come from strangers inside model files: compiled and run in a sandbox.

Rendering only: what goes in is prepared by `convention`, what comes out is read by
`layout` and `encode`. No file or import is reachable from a template (there is no
loader), attributes that begin with an underscore are refused, sizes and steps are
metered. A template that still hangs inside C code is ended by the parent process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jinja2 import TemplateError

from localai.errors import EngineError
from localai.render.limits import MAX_CHARS, TemplateLimit
from localai.render.sandbox import Sandbox
from localai.sanitize import clean

MAX_TEMPLATE_CHARS = 1_000_000
_ADVICE = "Give another with the model's `template` setting, or try another model."


class TemplateRefused(EngineError):
    """The template cannot be used, or not for this conversation."""

    @property
    def over_limits(self) -> bool:
        """Whether it spent too much, so that trying another way would only cost more."""
        return isinstance(self.__cause__, TemplateLimit)


class ChatTemplate:
    """One compiled template. `source` is its text, `hash` the sha256 of it.

    Not thread-safe: one rendering at a time. Raises TemplateRefused when the text is
    not a template.
    """

    def __init__(self, source: str, now: Callable[[], datetime] = datetime.now) -> None:
        self.source = source
        self.hash = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
        if len(source) > MAX_TEMPLATE_CHARS:
            raise TemplateRefused(f"The model's chat template is far too long. {_ADVICE}")
        self._environment = Sandbox(now)
        try:
            self._template = self._environment.from_string(source)
        except (TemplateError, RecursionError, SyntaxError, ValueError) as error:
            reason = _reason(error)
            raise TemplateRefused(
                f"The model's chat template cannot be read ({reason}). {_ADVICE}"
            ) from error

    def render(self, variables: Mapping[str, Any]) -> str:
        """The text for `variables` (messages, tools, bos_token, ...).

        Raises TemplateRefused when the template raises, fails or exceeds its limits.
        """
        meter = self._environment.meter
        meter.start()
        pieces: list[str] = []
        length = 0
        try:
            context = self._template.new_context(dict(variables))
            for piece in self._template.root_render_func(context):
                meter.tick()
                length += len(piece)
                if length > MAX_CHARS:
                    raise TemplateLimit("its output is too large")
                pieces.append(piece)
        except Exception as error:
            raise TemplateRefused(
                f"The model's chat template refused this conversation ({_reason(error)}). {_ADVICE}"
            ) from error
        return "".join(pieces)


def _reason(error: Exception) -> str:
    text = str(error) if isinstance(error, TemplateError | TemplateLimit) else ""
    words = clean(text or f"{type(error).__name__}: {error}").split()
    return " ".join(words)[:200].rstrip(".")
