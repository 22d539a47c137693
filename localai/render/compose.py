"""Runs a chat template on a conversation: which variables it gets, and the text it makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localai.render.base import RenderOptions, Tokenizer
from localai.render.convention import Leaf, Style, Turns, dicts
from localai.render.layout import Hole, Slots
from localai.render.template import ChatTemplate


class Composer:
    """A template with the texts of its vocabulary's BOS and EOS."""

    def __init__(self, template: ChatTemplate, tokenizer: Tokenizer) -> None:
        self.template = template
        self._bos = tokenizer.bos_text
        self._eos = tokenizer.eos_text

    def text(self, turns: Turns, style: Style, options: RenderOptions, leaf: Leaf) -> str:
        """The prompt, without prefill. Raises TemplateRefused."""
        variables: dict[str, Any] = {
            "messages": dicts(turns, style, leaf),
            "add_generation_prompt": options.generation_prompt,
            "bos_token": self._bos,
            "eos_token": self._eos,
        }
        if options.tools:
            variables["tools"] = list(options.tools)
        elif style.tools_none:
            variables["tools"] = None
        if options.thinking is not None:
            variables |= _thinking(options.thinking)
        return self.template.render(variables)

    def skeleton(
        self, turns: Turns, style: Style, options: RenderOptions, slots: Slots
    ) -> tuple[list[str], list[Hole]]:
        """The template's own texts and the contents between them. Raises TemplateRefused."""
        return slots.split(self.text(turns, style, options, slots))


def as_it_is(turn: int, kind: str, text: str) -> str:
    """The leaf of a real rendering."""
    return text


def texts(turns: Turns, tools: Sequence[dict[str, Any]]) -> list[str]:
    """Every string of a conversation, to choose marks that none of them holds."""
    found: list[str] = [str(tool) for tool in tools]
    for turn in turns:
        found += [piece[2] for piece in turn.pieces]
        found += [turn.call_id, turn.name]
        if turn.reasoning:
            found.append(turn.reasoning[2])
        found += [f"{call.id}{call.name}{call.arguments}" for _, call in turn.calls]
    return found


def _thinking(on: bool) -> dict[str, Any]:
    """The variables by which templates switch reasoning, whichever of them they read."""
    return {
        "enable_thinking": on,
        "thinking": on,
        "thinking_mode": "enabled" if on else "disabled",
        "thinking_option": "on" if on else "off",
    }
