"""Making a model call tools, whatever it would like to write, and reading what it wrote."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from localai.constraint import Constraint
from localai.conversation import Delta, Event, ToolCall, user
from localai.engine import choosing
from localai.engine.base import RenderOptions, Request, Sampling
from localai.engine.llama_sampler import Sampler
from localai.engine.llama_tokens import Tokens
from localai.render.tokens import Renderer
from localai.tools import arguments
from localai.tools.grammar.formats import constraints
from localai.tools.parse.calls import Context, Rejected
from localai.tools.parse.formats import parser
from tests.engine.running import Rig

QUESTIONS = (
    "What is 12*7? Use the calculator.",
    "Will it rain in Oslo tomorrow?",
    "Which day of the week is 2024-02-29?",
    "Find three notes about \"fjords\" and 'boats'.",
    "Say something nice.",
)


def _text(most: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": most}


def _tool(required: Sequence[str], **properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


TOOLS: Mapping[str, dict[str, Any]] = {
    "calculator": _tool(["expression"], expression=_text(40)),
    "weather": _tool(
        ["city", "days"],
        city=_text(30),
        days={"type": "integer"},
        unit={"type": "string", "enum": ["°C", "°F", '"K"']},
        exact={"type": "boolean"},
    ),
    "search": _tool(
        ["words"],
        words={"type": "array", "items": _text(12), "maxItems": 4},
        most={"anyOf": [{"type": "number"}, {"type": "null"}]},
        weights={"type": "object", "additionalProperties": {"type": "number"}, "maxProperties": 2},
    ),
    "clock": _tool([]),
}
"""Every kind of value that `tools.schema` writes, with texts kept short for the tests."""


def opened(constraint: Constraint) -> Constraint:
    """The constraint for an answer whose prompt ends with the opening."""
    return msgspec.structs.replace(constraint, open="", where="start")


def forced(
    renderer: Renderer, format: str, seed: int, tools: Mapping[str, Any] = TOOLS
) -> tuple[str, Request]:
    """A request that must be answered by a call, and the opening that its prompt ends with."""
    made = constraints(format, tools)
    one = made[seed % len(made)]
    question = user(QUESTIONS[seed % len(QUESTIONS)])
    ids = renderer.render([question], RenderOptions(prefill=one.open)).ids
    return one.open, Request(ids, Sampling(seed=seed), constraints=(opened(one),))


def first_call(
    format: str, before: str, stream: Iterable[Event], tools: Mapping[str, Any] = TOOLS
) -> ToolCall:
    """The call that an answer begins with; it parses, and its arguments fit the schema."""
    reader = parser(format, Context(tools))
    found = reader.feed(before)
    for event in stream:
        if isinstance(event, Delta):
            found += reader.feed(event.text)
        if any(isinstance(each, ToolCall | Rejected) for each in found):
            break
    found += reader.end()
    call = next((each for each in found if isinstance(each, ToolCall | Rejected)), None)
    assert isinstance(call, ToolCall), found
    arguments.check(call.name, tools[call.name], call.arguments)
    return call


class Leading(Sampler):
    """A sampler that picks these tokens first, whatever the model says."""

    lead: tuple[int, ...] = ()

    def sample(self, row: int) -> int:
        first, self.lead = self.lead[:1], self.lead[1:]
        return first[0] if first else super().sample(row)

    def choose(self, tokens: Tokens) -> int:
        first, self.lead = self.lead[:1], self.lead[1:]
        return first[0] if {*first} & {*tokens.ids} else super().choose(tokens)


@contextmanager
def led_by(lead: Sequence[int]) -> Iterator[None]:
    """Each answer begins with these tokens, as if the model had sampled them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing, "Sampler", type("Led", (Leading,), {"lead": tuple(lead)}))
        yield


def splits(rig: Rig, text: str, seed: int) -> list[int]:
    """Tokens that spell `text`, parted where the seed says: one of them begins at the seed's
    place, the others are drawn."""
    draw, spell = random.Random(seed), rig.llama.spelling.spell
    place = seed % len(text)
    ids: list[int] = []
    for part in (text[:place], text[place:]):
        data = part.encode()
        while data:
            length = draw.randint(1, len(data))
            spelled = spell(data[:length])
            assert spelled is not None
            ids.append(spelled[0])
            data = data[len(rig.tokenizer.piece_bytes(spelled[0])) :]
    return ids


def begun(rig: Rig, constraint: Constraint, seed: int) -> list[int]:
    """Tokens that spell the opening, parted where the seed says, and what shows that it is
    no mention of a marker."""
    rest = rig.ids("\n") if constraint.where == "anywhere" else ()
    return [*splits(rig, constraint.open, seed), *rest]


def straddling(rig: Rig, constraint: Constraint, seed: int) -> list[int]:
    """Tokens that spell the opening, the last one going on beyond it. Where the grammar
    refuses that, the sampler's next choices are those of the opening's rest alone; a marker
    that may stand anywhere would be a mention then, so that it goes on with what fits."""
    draw = random.Random(seed)
    opening = constraint.open.encode()
    tail = opening[-1 - seed % min(3, len(opening)) :]
    pieces = ((id, rig.tokenizer.piece_bytes(id)) for id in rig.llama.spelling.beginning[tail[0]])
    longer = [(int(id), piece) for id, piece in pieces if piece.startswith(tail) and piece != tail]
    if constraint.where == "anywhere":
        longer = [each for each in longer if follows(rig, constraint, each[1][len(tail) :])]
    if not longer:
        return begun(rig, constraint, seed)
    id, piece = draw.choice(longer)
    fits = follows(rig, constraint, piece[len(tail) :])
    head = splits(rig, opening[: -len(tail)].decode(), seed) if len(opening) > len(tail) else []
    return [*head, id, *([] if fits else rig.llama.spelling.spell(tail) or ())]


def follows(rig: Rig, constraint: Constraint, rest: bytes) -> bool:
    """Whether the grammar lets these bytes follow the opening."""
    from localai.engine.llama_grammar import Grammar

    grammar = Grammar(rig.llama, constraint.grammar)
    try:
        for each in rig.llama.spelling.spell(rest) or ():
            if not grammar.fits(each):
                return False
            grammar.accept(each)
        return True
    finally:
        grammar.close()
