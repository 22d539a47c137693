"""How a template marks turns: learned by rendering small conversations full of placeholders.

What a template does cannot be read off its source, so it is tried: whether it takes a
system message, tools and reasoning, in which form, and by which texts an assistant turn
begins and ends. Needs no model; a few milliseconds when a model is loaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from localai.conversation import Message, Text, ToolCall, ToolResult, assistant, system, user
from localai.render.base import RenderOptions, Thinking, Tokenizer
from localai.render.compose import Composer
from localai.render.controls import Controls, choose_marks
from localai.render.convention import Style, turns
from localai.render.layout import Hole, Slots
from localai.render.template import TemplateRefused
from localai.render.thinking import find_thinking

MARKER = re.compile(r"<[^<>\s]{1,60}>|\[/?[A-Z_]{2,30}\]")
"""What looks like a marker to a reader, for vocabularies that do not hold it as a token."""
_REASONING_KEYS = ("reasoning_content", "thinking", "reasoning")
_NO_PROMPT = RenderOptions(generation_prompt=False)
_PROMPT = RenderOptions()

Skeleton = tuple[list[str], list[Hole]]


@dataclass(frozen=True)
class Markup:
    """What was learned. `header` opens an assistant turn after whatever came before;
    `opening` is what a generation prompt adds; `end` is the text from the end of an
    answer through its end-of-turn marker, `end_id` that marker's token; `stop` are the
    texts to stop at where there is no such token."""

    style: Style
    supports_system: bool
    supports_tools: bool
    header: str
    opening: str
    end: str
    end_id: int | None
    stop: tuple[str, ...]
    thinking: Thinking | None


class Prober:
    """Tries one template. Raises TemplateRefused when it is of no use at all."""

    def __init__(self, composer: Composer, tokenizer: Tokenizer, controls: Controls) -> None:
        self._composer = composer
        self._tokenizer = tokenizer
        self._controls = controls
        self._mark = choose_marks([composer.template.source]).hole
        self._style = self._find_style()

    def markup(self) -> Markup:
        """Everything there is to learn."""
        tools = self._try_tools()
        opening = self._find_opening(_PROMPT)
        header = opening if opening.strip() else self._last(_PROMPT)
        end, end_id, stop = self._find_end()
        thinking = self._find_thinking()
        if thinking and thinking.open in header:
            header = header[: header.index(thinking.open)]
        return Markup(
            style=self._style,
            supports_system=self._holds([system("s"), user("u")], "system"),
            supports_tools=tools,
            header=header,
            opening=opening,
            end=end,
            end_id=end_id,
            stop=stop,
            thinking=thinking,
        )

    def _skeleton(self, messages: list[Message], options: RenderOptions) -> Skeleton | None:
        slots = Slots(self._mark)
        try:
            return self._composer.skeleton(turns(messages), self._style, options, slots)
        except TemplateRefused:
            return None

    def _holds(self, messages: list[Message], kind: str, options: RenderOptions = _PROMPT) -> bool:
        skeleton = self._skeleton(messages, options)
        return skeleton is not None and any(hole.kind == kind for hole in skeleton[1])

    def _find_style(self) -> Style:
        source = self._composer.template.source
        key = next(
            (key for key in _REASONING_KEYS if re.search(rf"[.'\"]{key}\b", source)),
            _REASONING_KEYS[0],
        )
        for parts, tools_none in product((False, True), (True, False)):
            self._style = Style(False, parts, key, tools_none)
            if self._holds([user("u")], "user"):
                return self._style
        self._style = Style(reasoning_key=key)
        self._composer.text(turns([user("u")]), self._style, _PROMPT, lambda *leaf: leaf[2])
        raise TemplateRefused(
            "The model's chat template leaves out what the user says. Give another with the "
            "model's `template` setting, or try another model."
        )

    def _try_tools(self) -> bool:
        """Whether calls, results and schemas appear; settles how arguments are given."""
        call = ToolCall("call00001", "f", {"k": "v"})
        messages = [
            user("u"),
            Message("assistant", (Text(""), call)),
            Message("tool", (ToolResult("call00001", "r"),)),
        ]
        schema: dict[str, Any] = {
            "type": "function",
            "function": {
                "name": "f",
                "description": "d",
                "parameters": {"type": "object", "properties": {"k": {"type": "string"}}},
            },
        }
        options = RenderOptions(tools=(schema,))
        for as_text in (False, True):
            self._style = replace(self._style, arguments_as_text=as_text)
            skeleton = self._skeleton(messages, options)
            if skeleton is None:
                continue
            literals, holes = skeleton
            calls = [hole.text for hole in holes if hole.kind == "call"]
            if "v" in calls and not any("{'k'" in literal for literal in literals):
                return "f" in calls and any(hole.kind == "tool" for hole in holes)
        self._style = replace(self._style, arguments_as_text=False)
        return False

    def _last(self, options: RenderOptions) -> str:
        """What follows the last user message."""
        skeleton = self._skeleton([user("u")], options)
        return skeleton[0][-1] if skeleton else ""

    def _find_opening(self, options: RenderOptions) -> str:
        """What a generation prompt adds."""
        after = self._last(options)
        shared = len(_shared(after, self._last(_NO_PROMPT)))
        return after[max(edge for edge in self._edges(after) if edge <= shared) :]

    def _find_end(self) -> tuple[str, int | None, tuple[str, ...]]:
        talk = [user("u"), assistant("a"), user("u"), assistant("a")]
        skeleton = self._skeleton(talk, _NO_PROMPT) or self._skeleton(talk[:2], _NO_PROMPT)
        literals = skeleton[0] if skeleton else [""]
        final = literals[-1]
        between = literals[-3] if len(literals) > 3 else final
        own = bool(_shared(between, final).strip())
        shared = _shared(between, final) if own else between
        tokens = self._tokens(shared)
        if tokens:
            eog = [token for token in tokens if token[1] in self._tokenizer.eog]
            stop, id_ = (eog or (tokens[::-1] if own else tokens))[0]
            return shared[:stop], id_, ()
        markers = list(MARKER.finditer(shared))
        if markers and (final.strip() or len(markers) > 1):
            return shared[: markers[0].end()], None, (markers[0].group(),)
        core = between.strip()
        if not core:
            return "", None, ()
        return "", None, (core if not core[0].isalnum() else f"\n{core}",)

    def _find_thinking(self) -> Thinking | None:
        talk = [user("u"), assistant("a", "r")]
        skeletons = [
            self._skeleton(talk, RenderOptions(generation_prompt=False, thinking=on))
            for on in (True, None)
        ]
        on, off = (
            self._skeleton([user("u")], RenderOptions(thinking=is_on)) for is_on in (True, False)
        )
        openings = [self._find_opening(RenderOptions(thinking=is_on)) for is_on in (True, False)]
        pair = find_thinking(
            [skeleton for skeleton in skeletons if skeleton],
            (openings[0], openings[1]),
            self._composer.template.source,
            self._tokenizer.control,
        )
        switchable = on is not None and off is not None and on[0] != off[0]
        return Thinking(*pair, switchable=switchable) if pair else None

    def _tokens(self, text: str) -> list[tuple[int, int]]:
        control = self._tokenizer.control
        return [(stop, control[text[start:stop]]) for start, stop in self._controls.find(text)]

    def _edges(self, text: str) -> set[int]:
        places = self._controls.find(text) or [m.span() for m in MARKER.finditer(text)]
        return {0, len(text), *(edge for place in places for edge in place)}


def _shared(one: str, other: str) -> str:
    """The longest common beginning."""
    length = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return one[:length]
