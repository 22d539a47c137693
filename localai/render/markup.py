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
    `opening` is what a generation prompt adds; `ends` are the texts from the end of an
    answer through its end-of-turn marker, `end_ids` the tokens of those markers; `stop`
    are the texts to stop at where there is no such token; `opener_ids` are tokens that
    begin a turn of the user's and nothing inside an answer."""

    style: Style
    supports_system: bool
    supports_tools: bool
    header: str
    opening: str
    ends: tuple[str, ...]
    end_ids: frozenset[int]
    stop: tuple[str, ...]
    opener_ids: frozenset[int]
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
        ends, end_ids, stop = self._find_ends()
        thinking = self._find_thinking()
        if thinking and thinking.open in header:
            header = header[: header.index(thinking.open)]
        return Markup(
            style=self._style,
            supports_system=self._holds([system("s"), user("u")], "system"),
            supports_tools=tools,
            header=header,
            opening=opening,
            ends=ends,
            end_ids=end_ids,
            stop=stop,
            opener_ids=self._find_openers(ends, thinking),
            thinking=thinking,
        )

    def _skeleton(self, messages: list[Message], options: RenderOptions) -> Skeleton | None:
        slots = Slots(self._mark)
        try:
            return self._composer.skeleton(turns(messages), self._style, options, slots)
        except TemplateRefused as error:
            if error.over_limits:
                raise
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

    def _find_ends(self) -> tuple[tuple[str, ...], frozenset[int], tuple[str, ...]]:
        """Ends of answers, in a conversation and at its end: texts, tokens, stop texts."""
        talk = [user("u"), assistant("a"), user("u"), assistant("a")]
        skeleton = self._skeleton(talk, _NO_PROMPT) or self._skeleton(talk[:2], _NO_PROMPT)
        literals = skeleton[0] if skeleton else [""]
        final = literals[-1]
        between = literals[-3] if len(literals) > 3 else final
        shared = _shared(between, final)
        shared = shared[: max(edge for edge in self._edges(final) if edge <= len(shared))]
        if shared.strip():
            found = [self._end_in(shared, whole=True)]
        else:
            found = [self._end_in(between, whole=False), self._end_in(final, whole=True)]
        ends = tuple(dict.fromkeys(text for text, _ in found if text))
        ids = frozenset(id_ for _, id_ in found if id_ is not None)
        if ids:
            return ends, ids, ()
        if ends:
            return ends, ids, tuple(end.strip() for end in ends)
        core = between.strip()
        return ends, ids, (core if not core[0].isalnum() else f"\n{core}",) if core else ()

    def _find_openers(self, ends: tuple[str, ...], thinking: Thinking | None) -> frozenset[int]:
        """The token after an answer's end that opens the user's next turn.

        Formats that put several messages into one answer (harmony) have that token in
        their reasoning markers: there it ends nothing.
        """
        skeleton = self._skeleton([user("u"), assistant("a"), user("u")], _NO_PROMPT)
        if skeleton is None or len(skeleton[0]) < 2:
            return frozenset()
        between = skeleton[0][-2]
        past = max((len(end) for end in ends if between.startswith(end)), default=0)
        following = [token for token in self._tokens(between) if token[0] > past > 0]
        inside = f"{thinking.open}{thinking.close}" if thinking else ""
        return frozenset(
            id_ for _, id_ in following[:1] if self._tokenizer.piece(id_) not in inside
        )

    def _end_in(self, text: str, *, whole: bool) -> tuple[str, int | None]:
        """The end-of-turn marker in `text` with all before it, and its token.

        `whole`: the text ends a turn and nothing else, so its last token is the marker;
        otherwise a next turn follows and the first one is. A declared end token wins.
        """
        tokens = self._tokens(text)
        if tokens:
            eog = [token for token in tokens if token[1] in self._tokenizer.eog]
            stop, id_ = (eog or (tokens[::-1] if whole else tokens))[0]
            return text[:stop], id_
        markers = list(MARKER.finditer(text))
        if markers and (whole or len(markers) > 1):
            return text[: markers[0].end()], None
        return (text.rstrip(), None) if whole and text.strip() else ("", None)

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
