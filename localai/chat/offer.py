"""The tools a model is told of, and how it says that it wants one.

The format is the model description's, else told from the chat template and the vocabulary.
A model whose template knows no tools is taught this project's own format by a short text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Literal

import msgspec

from localai.engine.base import Constraint, ModelInfo
from localai.errors import ModelError
from localai.tools.grammar.formats import constraints
from localai.tools.parse import formats
from localai.tools.parse.calls import Context, Parser, Schemas
from localai.tools.tool import Tool
from localai.tools.toolbox import schema

Wish = Literal["auto", "on", "off"]

LEAST_WINDOW = 2048
"""Tokens of the context window below which descriptions and results leave too little room."""

SHARE = 1
"""Characters of descriptions for each token of the window: a quarter of it, or a third."""

NONE = "none"
"""The format of a model that is to be told of no tools, in its description."""

_EXAMPLE = 'calculator(expression="3 * (4 + 5)")'


class Offer(msgspec.Struct, frozen=True, dict=True):
    """What one turn offers. `format` is a name of `parse.formats`; `schemas` go to a template
    that knows tools, `teaching` into the system text for one that does not. `left_out` are
    the names of tools for which there is no room."""

    format: str
    parameters: Schemas
    schemas: tuple[dict[str, Any], ...] = ()
    teaching: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def visible(self) -> tuple[str, ...]:
        """Markers that the parser has to see, whatever tokens they are."""
        return formats.markers(self.format)

    @cached_property
    def constraints(self) -> tuple[Constraint, ...]:
        """What holds calls to the tools' schemas; none where the format has no grammar. Made
        once: that takes a tenth of a second for hundreds of tools."""
        return constraints(self.format, self.parameters)

    @property
    def reasons(self) -> bool:
        """Whether the parser tells reasoning apart, so that the engine must not."""
        return self.format in formats.TELL_REASONING

    @property
    def one_line(self) -> bool:
        """Whether nothing marks the end of a message with calls, so that we have to."""
        return self.format == formats.DEFAULT

    def parser(self, *, inside: bool) -> Parser:
        """A parser for one answer; `inside`: it begins within reasoning."""
        return formats.parser(
            self.format, Context(tools=self.parameters, inside=inside and self.reasons)
        )


def wanted(info: ModelInfo, described: str, wish: Wish) -> bool:
    """Whether the model is to be told of tools, whichever there are.

    `described` is the format in the model's description. With "auto" a model described as
    one without tools is not, with "on" it is.
    """
    off = wish == "off" or (wish == "auto" and described == NONE)
    return not off and info.n_ctx >= LEAST_WINDOW


def offer(tools: Sequence[Tool], info: ModelInfo, described: str = "") -> Offer | None:
    """What to tell the model, None for nothing. What does not fit is left out from the end.

    Raises ModelError for a described format that there is not.
    """
    if described not in ("", NONE, *formats.FORMATS):
        raise ModelError(
            f"The model's description names the tool format {described!r}, which there is not; "
            f"choose one of {', '.join([NONE, *sorted(formats.FORMATS)])}."
        )
    written = schema if info.template_tools else _line
    fit, left_out = _fitting(tools, lambda tool: len(str(written(tool))), info.n_ctx)
    if not fit:
        return None
    parameters = {tool.name: tool.parameters for tool in fit}
    names = tuple(tool.name for tool in left_out)
    if not info.template_tools:
        return Offer(formats.DEFAULT, parameters, (), teach(fit), names)
    chosen = described if described not in ("", NONE) else ""
    chosen = chosen or formats.choose(info.template, info.control)
    return Offer(chosen, parameters, tuple(map(schema, fit)), "", names)


def heading(text: str, made: Offer | None) -> str:
    """The system text with what a model is told of tools there."""
    return "\n\n".join(filter(None, (text, made.teaching if made else "")))


def _fitting(
    tools: Sequence[Tool], length: Callable[[Tool], int], window: int
) -> tuple[list[Tool], list[Tool]]:
    """The tools whose descriptions take about a quarter of the window, and the others."""
    fit, left_out, room = list[Tool](), list[Tool](), window * SHARE
    for tool in tools:
        room -= length(tool)
        (fit if room >= 0 else left_out).append(tool)
    return fit, left_out


def teach(tools: Iterable[Tool]) -> str:
    """What a model without a format of its own is told: how to call, and what there is."""
    lines = "\n".join(map(_line, tools))
    return (
        "You can use tools. To use one, write the call alone on a line and stop, as in\n"
        f"{_EXAMPLE}\n"
        "The result comes with the next message; then answer with it. "
        "Use a tool only where you need it. The tools:\n"
        f"{lines}"
    )


def _line(tool: Tool) -> str:
    return f"- {_signature(tool)}: {tool.description}"


def _signature(tool: Tool) -> str:
    required = tool.parameters.get("required", ())
    names = (name if name in required else f"{name}=" for name in tool.parameters["properties"])
    return f"{tool.name}({', '.join(names)})"
