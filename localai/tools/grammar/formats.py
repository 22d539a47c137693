"""The constraints that hold a model to valid calls, by the name of its format.

The names are those of `parse.formats`. Those with markup of a kind of their own (harmony,
gemma4, minimax-m3, kimi-k3, deepseek-v3.2), and the one that wraps JSON in a string
(openai), have no grammar here: there the parser and the check of the arguments alone
decide, as they do after every grammar.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from localai.constraint import Constraint
from localai.tools.grammar import tags
from localai.tools.grammar.calls import Json, Keys, Python, Schemas, writable
from localai.tools.grammar.gbnf import choice, literal, optional, sequence
from localai.tools.parse.framed_calls import DEEPSEEK, KIMI

LONGEST = 2**18
"""Characters of a grammar; tools that need more are not constrained."""
LONGEST_TOGETHER = 2**20
"""Characters of all grammars, which travel with each request; the last ones that would be
more are left out."""

_NAME = re.compile(r"[A-Za-z_][\w.:/-]{0,127}", re.ASCII)
_ENDS_LINE = literal("\n")
_PARAMETERS = Keys(arguments="parameters")


class Markers(NamedTuple):
    """JSON between markers: one call, or a list of them with `listed`. `begun`: the list's
    bracket belongs to the opening."""

    open: str
    close: str = ""
    listed: bool = True
    begun: bool = False
    keys: Keys = Keys()


MARKED = {
    "hermes": Markers("<tool_call>", "</tool_call>", listed=False),
    "granite": Markers("<|tool_call|>"),
    "nemotron": Markers("<TOOLCALL>", "</TOOLCALL>"),
    "apriel": Markers("<tool_calls>", "</tool_calls>"),
    "cohere": Markers(
        "<|START_ACTION|>",
        "<|END_ACTION|>",
        keys=Keys("tool_name", "parameters", "tool_call_id"),
    ),
    "firefunction": Markers("functools[", begun=True),
    "gigachat": Markers("<|message_sep|>\n\nfunction call<|role_sep|>\n", listed=False),
}


def constraints(format: str, tools: Schemas) -> tuple[Constraint, ...]:
    """Constraints for calls of these tools; none for a format that has no grammar.

    `tools`: the JSON schema of each tool's parameters (an object), by its name. Where the
    opening names the tool, one that the format cannot write is left out. In the other
    formats there is no constraint then: it would turn a call of that tool into one of
    another tool.
    """
    known = {
        name: schema for name, schema in tools.items() if _NAME.fullmatch(name) and _sound(schema)
    }
    if not known or format not in CONSTRAINED:
        return ()
    complete = len(known) == len(tools)
    if format in NAMING:
        return tuple(_bounded(NAMING[format](known, complete)))
    if not complete:
        return ()
    made = _marked(MARKED[format], known) if format in MARKED else _OTHERS[format](known)
    return tuple(_bounded(made))


def _bounded(made: Iterable[Constraint]) -> Iterator[Constraint]:
    room = LONGEST_TOGETHER
    for each in made:
        if len(each.grammar) <= min(LONGEST, room):
            room -= len(each.grammar)
            yield each


def _sound(schema: object) -> bool:
    """Whether it is an object that can be written down; servers send what they like."""
    try:
        json.dumps(schema, ensure_ascii=False).encode()
        return isinstance(schema, Mapping)
    except (ValueError, TypeError, RecursionError):
        return False


def _marked(markers: Markers, tools: Schemas) -> tuple[Constraint, ...]:
    calls = Json(tools)
    one = calls.object(markers.keys)
    listed = calls.items if markers.begun else calls.list
    return (_json(markers.open, calls, listed(one) if markers.listed else one, markers.close),)


def _json(open: str, calls: Json, body: str, close: str = "") -> Constraint:
    end = (calls.space, literal(close)) if close else ()
    return Constraint(open, calls.rules.grammar(sequence(calls.space, body, *end)))


def _apertus(tools: Schemas) -> tuple[Constraint, ...]:
    calls = Json(tools)
    body = calls.list(calls.keyed())
    return (_json("<|tools_prefix|>", calls, body, "<|tools_suffix|>"),)


def _mistral(tools: Schemas) -> tuple[Constraint, ...]:
    """A list after the marker, or a name and the arguments."""
    calls = Json(tools)
    id = calls.rules.add("[A-Za-z0-9]{1,32}", "id-of-call")
    before = sequence(optional(sequence(literal("[CALL_ID]"), id)), literal("[ARGS]"))
    named = (sequence(literal(name), before, calls.arguments(name)) for name in tools)
    return (_json("[TOOL_CALLS]", calls, choice([calls.list(calls.object()), *named])),)


def _functionary(tools: Schemas) -> tuple[Constraint, ...]:
    calls = Json(tools)
    grammar = calls.rules.grammar(calls.framed("", ">", "</function>"))
    return (Constraint("<function=", grammar),)


def _deepseek(tools: Schemas) -> tuple[Constraint, ...]:
    """The form of V3 and R1, in a fence, and the plain one of V3.1."""
    calls = Json(tools)
    fenced = calls.framed(f"function{DEEPSEEK.middle}", "\n```json\n", f"\n```{DEEPSEEK.close}")
    plain = calls.framed("", DEEPSEEK.middle, DEEPSEEK.close)
    return (Constraint(DEEPSEEK.open, calls.rules.grammar(choice([fenced, plain]))),)


def _kimi(tools: Schemas) -> tuple[Constraint, ...]:
    calls = Json(tools)
    number = calls.rules.add("[0-9]{1,4}", "number-of-call")
    middle = sequence(literal(":"), number, literal(KIMI.middle))
    each = (
        sequence(literal(f"functions.{name}"), middle, calls.arguments(name), literal(KIMI.close))
        for name in tools
    )
    return (Constraint(KIMI.open, calls.rules.grammar(choice(each))),)


def _llama3(tools: Schemas, complete: bool) -> Iterator[Constraint]:
    """An object after the marker or as the whole answer, and the custom tools' form. Where
    there is no marker, the name of a tool has to tell a call from other JSON."""
    if complete:
        tagged = Json(tools)
        yield _json("<|python_tag|>", tagged, tagged.object(_PARAMETERS))
        yield from _functionary(tools)
    for name, schema in tools.items():
        calls = Json({name: schema})
        grammar = calls.rules.grammar(calls.rest(name, _PARAMETERS))
        for colon in (": ", ":"):
            yield Constraint(f'{{"name"{colon}{json.dumps(name)}', grammar, "start")


def _pythonic(tools: Schemas, complete: bool) -> Iterator[Constraint]:
    """A list of calls as the whole answer; the first tool's name tells it from other text.
    What follows a comma names its tool after the opening."""
    kept = {name: schema for name, schema in tools.items() if writable(name, schema)}
    if complete and len(kept) == len(tools):
        calls = Python()
        body = sequence(calls.space, calls.one(kept), calls.more(kept), literal("]"))
        yield Constraint(",", calls.rules.grammar(body), "next")
    for name, schema in kept.items():
        calls = Python()
        after = choice([literal("]"), literal(",")])
        yield Constraint(
            f"[{name}(", calls.rules.grammar(sequence(calls.arguments(schema), after)), "start"
        )


def _inline(tools: Schemas, complete: bool) -> Iterator[Constraint]:
    """A call on a line of its own."""
    for name, schema in tools.items():
        if writable(name, schema):
            calls = Python()
            body = sequence(calls.arguments(schema), optional(_ENDS_LINE))
            yield Constraint(f"{name}(", calls.rules.grammar(body), "line")


def _lfm2(tools: Schemas) -> tuple[Constraint, ...]:
    if not all(writable(name, schema) for name, schema in tools.items()):
        return ()
    calls = Python()
    body = sequence(literal("["), calls.one(tools), calls.more(tools), literal("]"))
    grammar = calls.rules.grammar(sequence(body, literal("<|tool_call_end|>")))
    return (Constraint("<|tool_call_start|>", grammar),)


def _qwen_coder(tools: Schemas) -> tuple[Constraint, ...]:
    """A call in its wrapper, or without, as the model forgets it now and then."""
    return (
        *_tagged("<tool_call>", "</tool_call>", tags.QWEN, tools),
        *_tagged(tags.QWEN.call, "", tags.QWEN, tools),
    )


def _tagged(open: str, close: str, how: tags.Tags, tools: Schemas) -> tuple[Constraint, ...]:
    """Calls between `open` and `close`; or one after `open`, which begins it."""
    if not all(map(tags.writable, tools.values())):
        return ()
    calls = tags.Tagged(tools, how)
    if open == how.call:
        return (Constraint(open, calls.rules.grammar(calls.one())),)
    body = calls.calls() if how.call else calls.one()
    grammar = calls.rules.grammar(sequence(calls.break_, body, calls.break_, literal(close)))
    return (Constraint(open, grammar),)


NAMING: dict[str, Callable[[Schemas, bool], Iterator[Constraint]]] = {
    "llama3": _llama3,
    "pythonic": _pythonic,
    "inline": _inline,
}
"""Formats with openings that name the tool; the makers are told whether these are all tools."""

_OTHERS: dict[str, Callable[[Schemas], tuple[Constraint, ...]]] = {
    "apertus": _apertus,
    "mistral": _mistral,
    "functionary": _functionary,
    "deepseek": _deepseek,
    "kimi-k2": _kimi,
    "lfm2": _lfm2,
    "qwen3-coder": _qwen_coder,
    "seed-oss": partial(_tagged, "<seed:tool_call>", "</seed:tool_call>", tags.QWEN),
    "minimax-m2": partial(_tagged, "<minimax:tool_call>", "</minimax:tool_call>", tags.INVOKE),
    "minicpm": partial(_tagged, tags.MINICPM.call, "", tags.MINICPM),
    "glm": partial(_tagged, "<tool_call>", "</tool_call>", tags.GLM),
}

CONSTRAINED = frozenset({*MARKED, *NAMING, *_OTHERS})
"""The formats that have a grammar."""
