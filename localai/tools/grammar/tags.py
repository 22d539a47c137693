"""Calls as tags, each parameter in its own, as grammars.

A string is bare text up to the tag that ends it, and so is a value of which the schema does
not say what it is; everything else is JSON. `parse.xml_calls`
reads what these grammars allow.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from localai.tools.grammar.calls import MORE_CALLS, Schemas
from localai.tools.grammar.gbnf import EMPTY, Rules, choice, literal, optional, sequence
from localai.tools.grammar.values import (
    LONGEST_TEXT,
    MOST_CHOICES,
    Values,
    bound,
    known_names,
    to_json,
)
from localai.tools.parse.schema import Schema, alternatives, spelled
from localai.tools.parse.xml_calls import KEY

JSON = frozenset({"integer", "number", "boolean", "null", "array", "object"})
"""Types whose values are written as JSON."""


class Tags(NamedTuple):
    """What is written before and after the name of a call and the key of a parameter, and
    what ends a value and a call. `line`: a value stands on lines of its own."""

    call: str
    named: str
    parameter: str
    keyed: str
    value_end: str
    call_end: str
    line: bool = False


QWEN = Tags("<function=", ">\n", "<parameter=", ">\n", "</parameter>", "</function>", line=True)
INVOKE = Tags('<invoke name="', '">\n', '<parameter name="', '">', "</parameter>", "</invoke>")
MINICPM = Tags('<function name="', '">', '<param name="', '">', "</param>", "</function>")
GLM = Tags("", "\n", "<arg_key>", "</arg_key>\n<arg_value>", "</arg_value>", "")


class Tagged:
    """Calls in these tags, for the offered tools."""

    def __init__(self, tools: Schemas, tags: Tags) -> None:
        self.rules = Rules()
        self._values, self._tags = Values(self.rules), tags
        self.break_ = self.rules.add('"\\n"?', "break")
        self._char = self.rules.add(_outside(tags.value_end), "outside")
        self._bodies = {name: self._body(name, schema) for name, schema in tools.items()}

    def one(self) -> str:
        """A call without the text before its name."""
        return choice(self._bodies.values())

    def calls(self) -> str:
        """A call or more."""
        call = self.rules.add(sequence(literal(self._tags.call), self.one()))
        more = self.rules.add(sequence(self.break_, call))
        return f"{call} {more}{{0,{MORE_CALLS}}}"

    def _body(self, name: str, schema: Schema) -> str:
        parameters = [
            (self._parameter(key, alternatives(inner, schema)), required)
            for key, (inner, required) in self._values.described(schema).items()
        ]
        inner = (part if required else optional(part) for part, required in parameters)
        end = literal(self._tags.call_end) if self._tags.call_end else EMPTY
        return self.rules.add(sequence(literal(name + self._tags.named), *inner, end))

    def _parameter(self, key: str, schemas: Iterable[Schema]) -> str:
        head = literal(f"{self._tags.parameter}{key}{self._tags.keyed}")
        value = choice(text for schema in schemas for text in self._written(schema))
        end = literal("\n" * self._tags.line + self._tags.value_end)
        return self.rules.add(sequence(head, value, end, self.break_))

    def _written(self, schema: Schema) -> list[str]:
        """How the values of this schema, which is no union, are written."""
        if texts := self._spelled(schema):
            return [literal(text) for text in texts]
        kinds = schema.get("type")
        each = kinds if isinstance(kinds, list) and kinds else [kinds]
        return [self._typed(kind, schema) for kind in each]

    def _typed(self, kind: object, schema: Schema) -> str:
        if isinstance(kind, str) and kind in JSON:
            rest = {key: value for key, value in schema.items() if key not in ("const", "enum")}
            return self._values.value({**rest, "type": kind})
        most = bound(schema.get("maxLength"), LONGEST_TEXT)
        return self.rules.add(f"{self._char}{{0,{most}}}")

    def _spelled(self, schema: Schema) -> list[str]:
        """The values that the schema names, as far as they can be written; none where that
        would be too many."""
        values = spelled(schema) or ()
        if len(values) > MOST_CHOICES:
            return []
        try:
            texts = [each if isinstance(each, str) else to_json(each) for each in values]
        except ValueError:
            return []
        return [text for text in texts if self._tags.value_end not in text]


def _outside(end: str) -> str:
    """A character of text that does not hold `end`, whose first character occurs once in it;
    with it, the beginnings of `end` that come to nothing."""
    start, last = end[0], end[-1]
    broken = f"[^{start}{last}]"
    for char in reversed(end[1:-1]):
        broken = f"([^{start}{char}] | {literal(char)} {broken})"
    return f"[^{start}] | {literal(start)}{{1,8}} {broken}"


def writable(schema: Schema) -> bool:
    """Whether a call of this tool can be written in tags: its parameters are known, and
    their names can stand in a tag."""
    known = known_names(schema)
    return known is not None and all(
        KEY.fullmatch(key) and key == key.strip() and "\\" not in key for key in known
    )
