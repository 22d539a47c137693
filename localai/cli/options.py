"""The options of `localai ask` that override settings, and how they do.

A value given on the command line wins over the settings file for this one run; nothing
is written. Ranges are those of the settings themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from localai.config import Settings

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

SAMPLING = ("temperature", "top_k", "top_p", "min_p", "repeat_penalty")
CHAT = ("max_tokens", "thinking", "thinking_budget")


class Number(click.FloatRange):
    """A finite number in a range."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Refuse what compares with nothing (nan) and what is no setting (inf)."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


OPTIONS = (
    click.option(
        "--temperature", metavar="X", type=Number(min=0), help="0 is always the likeliest token."
    ),
    click.option(
        "--top-k", metavar="N", type=click.IntRange(min=0), help="Only the K likeliest; 0 is off."
    ),
    click.option(
        "--top-p",
        metavar="X",
        type=Number(0, 1, min_open=True),
        help="Only the likeliest with this total probability; 1 is off.",
    ),
    click.option(
        "--min-p",
        metavar="X",
        type=Number(0, 1, max_open=True),
        help="Only those at least this share as likely as the best; 0 is off.",
    ),
    click.option(
        "--repeat-penalty",
        metavar="X",
        type=Number(0, min_open=True),
        help="Makes recent tokens less likely; 1 is off.",
    ),
    click.option(
        "--max-tokens",
        metavar="N",
        type=click.IntRange(min=0),
        help="Longest answer; 0 is no limit.",
    ),
    click.option(
        "--thinking",
        type=click.Choice(["on", "off", "auto"]),
        help="Reasoning before the answer, where the model can switch it.",
    ),
    click.option(
        "--thinking-budget",
        metavar="N",
        type=click.IntRange(min=0),
        help="Most tokens of reasoning; 0 is no limit.",
    ),
    click.option(
        "--tools",
        type=click.Choice(["auto", "on", "off"]),
        help="Whether the model is offered tools.",
    ),
)


def setting_options(command: Decorated) -> Decorated:
    """Add OPTIONS to a command, in this order on its help page."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def override(settings: Settings, given: Mapping[str, Any]) -> Settings:
    """A copy of the settings with what was given on the command line (None: not given)."""
    sampling = {name: given[name] for name in SAMPLING if given[name] is not None}
    chat = {name: given[name] for name in CHAT if given[name] is not None}
    tools = {"offer": given["tools"]} if given["tools"] is not None else {}
    return settings.model_copy(
        update={
            "sampling": settings.sampling.model_copy(update=sampling),
            "chat": settings.chat.model_copy(update=chat),
            "tools": settings.tools.model_copy(update=tools),
        }
    )
