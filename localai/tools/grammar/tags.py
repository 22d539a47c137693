"""Calls as tags, each parameter in its own, as grammars.

A string is bare text up to the tag that ends it; everything else is JSON. `parse.xml_calls`
reads what these grammars allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from localai.tools.grammar.calls import MORE_CALLS, Schemas
from localai.tools.grammar.gbnf import EMPTY, Rules, choice, literal, optional, sequence
from localai.tools.grammar.values import LONGEST_TEXT, Values, bound
from localai.tools.parse.xml_calls import KEY


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

    def _body(self, name: str, schema: Mapping[str, Any]) -> str:
        found = self._values.properties(schema)
        known = schema.get("properties")
        schemas = known if isinstance(known, Mapping) else {}
        parameters = [
            (self._parameter(key, schemas.get(key), value), required)
            for key, (value, required) in found.items()
        ]
        inner = (part if required else optional(part) for part, required in parameters)
        end = literal(self._tags.call_end) if self._tags.call_end else EMPTY
        return self.rules.add(sequence(literal(name + self._tags.named), *inner, end))

    def _parameter(self, key: str, schema: object, value: str) -> str:
        head = literal(f"{self._tags.parameter}{key}{self._tags.keyed}")
        return self.rules.add(sequence(head, self._value(schema, value), self.break_))

    def _value(self, schema: object, value: str) -> str:
        """A value with what ends it; `value` is how it is written as JSON."""
        inner = schema if isinstance(schema, Mapping) else {}
        if isinstance(parts := inner.get("anyOf"), list) and parts:
            return choice(self._value(part, self._values.value(part)) for part in parts)
        end = literal("\n" * self._tags.line + self._tags.value_end)
        most = bound(inner.get("maxLength"), LONGEST_TEXT)
        if inner.get("type") != "string":
            return sequence(value, end)
        values = inner.get("enum")
        if not isinstance(values, list) or not all(self._plain(each) for each in values):
            return self.rules.add(f"{self._char}{{0,{most}}} {end}")
        return sequence(choice(map(literal, values)), end)

    def _plain(self, value: object) -> bool:
        return isinstance(value, str) and self._tags.value_end not in value


def _outside(end: str) -> str:
    """A character of text that does not hold `end`, whose first character occurs once in it;
    with it, the beginnings of `end` that come to nothing."""
    start, last = end[0], end[-1]
    broken = f"[^{start}{last}]"
    for char in reversed(end[1:-1]):
        broken = f"([^{start}{char}] | {literal(char)} {broken})"
    return f"[^{start}] | {literal(start)}{{1,8}} {broken}"


def writable(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether a call of this tool can be written in tags: its parameters are known, and
    their names can stand in a tag."""
    properties, required = schema.get("properties"), schema.get("required", ())
    if not isinstance(properties, Mapping) or not isinstance(required, list | tuple):
        return False
    keys = [*map(str, properties), *map(str, required)]
    return all(KEY.fullmatch(key) and key == key.strip() and "\\" not in key for key in keys)
