"""What a call looks like after its opening, as grammars: JSON, and Python.

The markers around it, and where calls begin, stand in `formats`.
"""

from __future__ import annotations

import json
import keyword
from collections.abc import Mapping
from typing import Any, NamedTuple

from localai.tools.grammar.gbnf import EMPTY, Rules, choice, literal, sequence
from localai.tools.grammar.values import Values, known_names, members, tails

Schemas = Mapping[str, Mapping[str, Any]]

MORE_CALLS = 15
"""Calls after the first one, in formats that write a list of them."""


class Keys(NamedTuple):
    """The keys of a call as a JSON object; a call's `id` may come first."""

    name: str = "name"
    arguments: str = "arguments"
    id: str = ""


KEYS = Keys()


class Json:
    """Calls as JSON, for the offered tools."""

    def __init__(self, tools: Schemas) -> None:
        self.rules = Rules()
        self._values = Values(self.rules)
        self.space = self._values.space
        self._arguments = {name: self._values.arguments(tools[name]) for name in tools}

    def object(self, keys: Keys = KEYS) -> str:
        """One call: `{"name": ..., "arguments": {...}}`."""
        each = [
            sequence(literal(json.dumps(name)), self.rest(name, keys)) for name in self._arguments
        ]
        head = self._key(keys.name)
        if keys.id:
            comma = sequence(literal(","), self.space)
            id = sequence(self._key(keys.id), self._values.text(), comma)
            head = sequence(f"({id})?", head)
        return self.rules.add(sequence(literal("{"), self.space, head, choice(each)))

    def rest(self, name: str, keys: Keys) -> str:
        """What follows the name of a tool in its object."""
        arguments = sequence(self._key(keys.arguments), self._arguments[name])
        return sequence(literal(","), self.space, arguments, self.space, literal("}"))

    def keyed(self) -> str:
        """One call: `{name: {...}}`."""
        each = (sequence(self._key(name), rule) for name, rule in self._arguments.items())
        return self.rules.add(
            sequence(literal("{"), self.space, choice(each), self.space, literal("}"))
        )

    def items(self, one: str) -> str:
        """A list of calls, without the bracket that opens it."""
        more = self.rules.add(sequence(literal(","), self.space, one))
        return sequence(self.space, f"{one} {more}{{0,{MORE_CALLS}}}", self.space, literal("]"))

    def list(self, one: str) -> str:
        """A list of calls."""
        return sequence(literal("["), self.items(one))

    def arguments(self, name: str) -> str:
        """The object of a tool's arguments."""
        return self._arguments[name]

    def framed(self, before: str, middle: str, after: str) -> str:
        """One call: `before name middle {...} after`, with nothing in between."""
        each = (
            sequence(literal(before + name + middle), rule, literal(after))
            for name, rule in self._arguments.items()
        )
        return choice(each)

    def _key(self, key: str) -> str:
        return sequence(literal(json.dumps(key, ensure_ascii=False)), literal(":"), self.space)


class Python:
    """Calls as Python, for one tool or more. Values in front may go without their names."""

    def __init__(self) -> None:
        self.rules = Rules()
        self._values = Values(self.rules, python=True)
        self.space = self._values.space

    def arguments(self, schema: Mapping[str, Any]) -> str:
        """What follows `name(`, up to the closing bracket."""
        found = self._values.properties(schema)
        named = [
            (sequence(literal(f"{name}="), value), required)
            for name, (value, required) in found.items()
        ]
        after = tails(self.rules, self.space, named)
        rest = EMPTY
        for place, (value, _) in reversed(list(enumerate(found.values()))):
            going_on = [sequence(literal(","), self.space, rest)] if rest != EMPTY else []
            rest = self.rules.add(sequence(value, choice([after[place + 1], *going_on])))
        inner = members(self.rules, self.space, named)
        return sequence(choice([inner, rest]) if found else EMPTY, literal(")"))

    def one(self, tools: Schemas) -> str:
        """A call of one of these tools."""
        each = (
            sequence(literal(f"{name}("), self.arguments(schema)) for name, schema in tools.items()
        )
        return self.rules.add(choice(each))

    def more(self, tools: Schemas) -> str:
        """Calls after the first one, or none."""
        following = self.rules.add(sequence(literal(","), self.space, self.one(tools)))
        return f"{following}{{0,{MORE_CALLS}}}"


def writable(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether a call of this tool can be written as Python: its parameters are known, and
    they and the tool have proper names."""
    known = known_names(schema)
    return known is not None and all(
        part.isascii() and part.isidentifier() and not _reserved(part)
        for part in (*name.split("."), *known)
    )


def _reserved(word: str) -> bool:
    return keyword.iskeyword(word) or word == "__debug__"
