"""The values that a JSON schema allows, as grammar rules: in JSON, or in the Python of inline
calls.

Of JSON Schema (2020-12) it knows `type`, `enum`, `const`, `anyOf`, `oneOf`, `allOf`,
`properties`, `required`, `additionalProperties`, `items`, `maxLength`, `maxItems`,
`maxProperties` and `$ref` within the schema, more than `tools.schema` writes. Where a
schema says what a value is by anything else, any value may stand. Other keywords that only
narrow a type (`minimum`, `pattern`) are left to whoever checks the call. Optional
properties come in the schema's order. Everything is bounded, so that a weak model cannot
write one value for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from localai.tools.grammar.gbnf import EMPTY, Rules, choice, literal, optional, sequence
from localai.tools.parse.schema import alternatives, resolved, spelled

LONGEST_TEXT = 2000
"""Characters of a string; llama.cpp repeats nothing more often."""
LONGEST_KEY = 64
"""Characters of a key in an object whose keys are free."""
MOST_ITEMS = 32
"""Values in a list, or entries in an object whose keys are free."""
MOST_CHOICES = 256
"""Values of an enumeration that are spelled out."""
DEPTH = 5
"""Lists and objects within each other, in one argument."""

_UNICODE = "[0-9a-cefA-CEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}"  # no surrogates
_INTEGER = '"-"? ("0" | [1-9] [0-9]{0,14})'
_NUMBER = f'{_INTEGER} ("." [0-9]{{1,15}})? ([eE] [-+]? [0-9]{{1,2}})?'
_SPACE = {False: '(" " | "\\n" [ \\t]{0,20})?', True: '" "?'}

_ESCAPED = {False: '"/', True: "\"'"}

Schema = Mapping[str, Any]


class Values:
    """Rules for values, added to `rules`. `python`: as an inline call writes them, with
    quotes of both kinds and Python's words beside those of JSON."""

    def __init__(self, rules: Rules, *, python: bool = False) -> None:
        self._rules, self._python = rules, python
        self._definitions: Schema = {}
        # The schemas are kept with their rules: an `id` names an object only while it lives.
        self._made: dict[tuple[int, int, int], tuple[object, str]] = {}
        self.space = rules.add(_SPACE[python], "ws")

    def arguments(self, schema: Schema) -> str:
        """The object of a call's arguments."""
        self._definitions = schema
        return self._object(schema, DEPTH)

    def properties(self, schema: Schema) -> dict[str, tuple[str, bool]]:
        """Each property's value, and whether it must be there, in the schema's order."""
        self._definitions = schema
        return self._properties(schema, DEPTH)

    def described(self, schema: Schema) -> dict[str, tuple[object, bool]]:
        """Each property's schema, and whether it must be there, in the schema's order. What
        `value` makes from now on may refer to this schema."""
        self._definitions = schema
        return _described(schema)

    def value(self, schema: object, depth: int = DEPTH) -> str:
        """A value of this schema, with no more than `depth` lists and objects in each other."""
        key = (id(self._definitions), id(schema), depth)
        if key not in self._made:
            self._made[key] = (schema, self._value(schema, depth))
        return self._made[key][1]

    def _value(self, schema: object, depth: int) -> str:
        if not isinstance(schema, Mapping):
            return self._any(depth)
        if "$ref" in schema or "allOf" in schema:
            inner = resolved(schema, self._definitions)
            return self.value(inner, depth - 1) if depth else self._any(0)
        if "const" in schema or "enum" in schema:
            return self._choices(spelled(schema), depth)
        if "anyOf" in schema or "oneOf" in schema:
            parts = alternatives(schema, self._definitions)
            return choice(self.value(part, depth) for part in parts)
        kinds = schema.get("type")
        if isinstance(kinds, list) and kinds:
            return choice(self._typed(kind, schema, depth) for kind in kinds)
        return self._typed(kinds, schema, depth)

    def _typed(self, kind: object, schema: Schema, depth: int) -> str:
        match kind:
            case "string":
                return self.text(bound(schema.get("maxLength"), LONGEST_TEXT))
            case "integer":
                return self._rules.add(_INTEGER, "integer")
            case "number":
                return self._rules.add(_NUMBER, "number")
            case "boolean":
                return choice(self._word(word) for word in ("true", "false"))
            case "null":
                return self._word("null")
            case "array" if depth:
                most = bound(schema.get("maxItems"), MOST_ITEMS)
                items = self._repeated(self.value(schema.get("items"), depth - 1), most)
                return self._bracketed("[", items, "]")
            case "object" if depth:
                return self._object(schema, depth)
            case "array" | "object":
                return literal("[]" if kind == "array" else "{}")
        return self._any(depth)

    def text(self, most: int = LONGEST_TEXT) -> str:
        """A string of at most `most` characters."""
        quotes = ('"', "'") if self._python else ('"',)
        return choice(self._quoted(quote, most) for quote in quotes)

    def _quoted(self, quote: str, most: int) -> str:
        name, own = ("char", '"') if quote == '"' else ("char-single", "'")
        unicode = self._rules.add(_UNICODE, "unicode")
        plain, after = rf"[^{own}\\\x00-\x1f]", rf"[{_ESCAPED[self._python]}\\bfnrt]"
        char = self._rules.add(rf'{plain} | "\\" ({after} | "u" {unicode})', name)
        mark = literal(quote)
        return self._rules.add(f"{mark} {char}{{0,{most}}} {mark}")

    def _word(self, word: str) -> str:
        python = {"true": "True", "false": "False", "null": "None"}[word]
        return choice([literal(word), literal(python)] if self._python else [literal(word)])

    def _choices(self, values: object, depth: int) -> str:
        """One of these values; any where they cannot be spelled out."""
        if not isinstance(values, list) or not 0 < len(values) <= MOST_CHOICES:
            return self._any(depth)
        try:
            texts = [to_json(value) for value in values]
            return self._rules.add(" | ".join(map(literal, dict.fromkeys(texts))))
        except (ValueError, TypeError, RecursionError):
            return self._any(depth)

    def _any(self, depth: int) -> str:
        kinds = ["string", "number", "boolean", "null"]
        kinds += ["array", "object"] if depth else []
        parts = (self._typed(kind, {}, depth) for kind in kinds)
        return self._rules.add(" | ".join(parts), f"any-{depth}")

    def _repeated(self, part: str, most: int) -> str:
        """At most so many of them, or none, with commas in between."""
        if most < 1:
            return EMPTY
        following = self._rules.add(sequence(literal(","), self.space, part))
        return optional(f"{part} {following}{{0,{most - 1}}}")

    def _object(self, schema: Schema, depth: int) -> str:
        properties = self._properties(schema, depth - 1)
        if not properties and "properties" not in schema:
            inner = self.value(schema.get("additionalProperties"), depth - 1)
            entry = self._entry(self.text(LONGEST_KEY), inner)
            most = bound(schema.get("maxProperties"), MOST_ITEMS)
            return self._bracketed("{", self._repeated(entry, most), "}")
        entries = [
            (self._entry(literal(json.dumps(name, ensure_ascii=False)), value), required)
            for name, (value, required) in properties.items()
        ]
        return self._bracketed("{", members(self._rules, self.space, entries), "}")

    def _properties(self, schema: Schema, depth: int) -> dict[str, tuple[str, bool]]:
        return {
            name: (self.value(inner, depth), required)
            for name, (inner, required) in _described(schema).items()
        }

    def _entry(self, key: str, value: str) -> str:
        return sequence(key, literal(":"), self.space, value)

    def _bracketed(self, open: str, inner: str, close: str) -> str:
        if inner == EMPTY:
            return literal(open + close)
        return self._rules.add(
            sequence(literal(open), self.space, inner, self.space, literal(close))
        )


def known_names(schema: Schema) -> list[str] | None:
    """The names of all parameters, described or only required; None where they are not known."""
    properties, required = schema.get("properties"), schema.get("required", ())
    if not isinstance(properties, Mapping) or not isinstance(required, list | tuple):
        return None
    return [*map(str, properties), *map(str, required)]


def _described(schema: Schema) -> dict[str, tuple[object, bool]]:
    found, wanted = schema.get("properties"), schema.get("required")
    known: Schema = found if isinstance(found, Mapping) else {}
    listed = wanted if isinstance(wanted, list | tuple) else ()
    required = [name for name in listed if isinstance(name, str)]
    # What is required and not described must be there all the same.
    schemas = {**known, **{name: {} for name in required if name not in known}}
    return {name: (inner, name in required) for name, inner in schemas.items()}


def members(rules: Rules, space: str, entries: Iterable[tuple[str, bool]]) -> str:
    """Entries in their order with commas in between; those that are not required, the
    second of each pair, may be left out."""
    kept = list(entries)
    after = tails(rules, space, kept)
    starts: list[str] = []
    for place, (entry, required) in enumerate(kept):
        starts.append(sequence(entry, after[place + 1]))
        if required:
            return choice(starts)
    return optional(choice(starts)) if starts else EMPTY


def tails(rules: Rules, space: str, entries: list[tuple[str, bool]]) -> list[str]:
    """For each place: the entries from there on, when one was written before."""
    after = [EMPTY]
    for entry, required in reversed(entries):
        one = sequence(literal(","), space, entry)
        after.append(rules.add(sequence(one if required else optional(one), after[-1])))
    return after[::-1]


def bound(asked: object, most: int) -> int:
    """The bound that a schema asks for, where it does and it is lower than `most`."""
    return min(asked, most) if type(asked) is int and asked >= 0 else most


def to_json(value: object) -> str:
    """The value as JSON. Raises ValueError for a number that JSON does not have."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
