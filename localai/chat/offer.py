"""The tools a model is told of, and how it says that it wants one.

The format is the model description's, else told from the chat template and the vocabulary.
A model whose template knows no tools is taught this project's own format by a short text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from localai.engine.base import Constraint, ModelInfo
from localai.errors import ModelError
from localai.tools.grammar.formats import constraints
from localai.tools.parse import formats
from localai.tools.parse.calls import Context, Parser, Schemas
from localai.tools.tool import Tool
from localai.tools.toolbox import Toolbox

Wish = Literal["auto", "on", "off"]

LEAST_WINDOW = 2048
"""Tokens of the context window below which descriptions and results leave too little room."""

NONE = "none"
"""The format of a model that is to be told of no tools, in its description."""

_EXAMPLE = 'calculator(expression="3 * (4 + 5)")'


class Offer(msgspec.Struct, frozen=True):
    """What one turn offers. `format` is a name of `parse.formats`; `schemas` go to a template
    that knows tools, `teaching` into the system text for one that does not."""

    format: str
    parameters: Schemas
    schemas: tuple[dict[str, Any], ...] = ()
    teaching: str = ""

    @property
    def visible(self) -> tuple[str, ...]:
        """Markers that the parser has to see, whatever tokens they are."""
        return formats.markers(self.format)

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """What holds calls to the tools' schemas; none where the format has no grammar."""
        return constraints(self.format, self.parameters)

    @property
    def reasons(self) -> bool:
        """Whether the parser tells reasoning apart, so that the engine must not."""
        return self.format == "harmony"

    @property
    def one_line(self) -> bool:
        """Whether nothing marks the end of a message with calls, so that we have to."""
        return self.format == formats.DEFAULT

    def parser(self, *, inside: bool) -> Parser:
        """A parser for one answer; `inside`: it begins within reasoning."""
        return formats.parser(
            self.format, Context(tools=self.parameters, inside=inside and self.reasons)
        )


def offer(
    toolbox: Toolbox, info: ModelInfo, described: str = "", wish: Wish = "auto"
) -> Offer | None:
    """What to offer to the model, None for nothing.

    `described` is the format in the model's description. With "auto" a model described as
    one without tools gets none, with "on" the format is told from the model itself.
    Raises ModelError for a format that there is not.
    """
    if wish == "off" or not toolbox.tools or (wish == "auto" and described == NONE):
        return None
    if info.n_ctx < LEAST_WINDOW:
        return None
    if described not in ("", NONE, *formats.FORMATS):
        raise ModelError(
            f"The model's description names the tool format {described!r}, which there is not; "
            f"choose one of {', '.join([NONE, *sorted(formats.FORMATS)])}."
        )
    parameters = {name: tool.parameters for name, tool in toolbox.tools.items()}
    if not info.template_tools:
        return Offer(formats.DEFAULT, parameters, teaching=teach(toolbox.tools.values()))
    chosen = described if described not in ("", NONE) else ""
    return Offer(
        chosen or formats.choose(info.template, info.control), parameters, toolbox.schemas()
    )


def teach(tools: Iterable[Tool]) -> str:
    """What a model without a format of its own is told: how to call, and what there is."""
    lines = "\n".join(f"- {_signature(tool)}: {tool.description}" for tool in tools)
    return (
        "You can use tools. To use one, write the call alone on a line and stop, as in\n"
        f"{_EXAMPLE}\n"
        "The result comes with the next message; then answer with it. "
        "Use a tool only where you need it. The tools:\n"
        f"{lines}"
    )


def _signature(tool: Tool) -> str:
    required = tool.parameters.get("required", ())
    names = (name if name in required else f"{name}=" for name in tool.parameters["properties"])
    return f"{tool.name}({', '.join(names)})"
