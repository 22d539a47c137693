"""Values that a format writes as bare text: what the tool's schema says they are. Pure.

Of JSON Schema it knows `type`, `enum`, `const`, `anyOf`, `oneOf`, `allOf` and `$ref` within
the schema; whether a value is valid is the tool's business.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from localai.tools.parse.calls import Schemas

LINKS = 16
"""References that lead to one another, at most."""

_KINDS = {bool: "boolean", str: "string", int: "integer", float: "number", dict: "object"}

Schema = Mapping[str, Any]


def parameters(tools: Schemas, tool: str) -> Schema:
    """Schemas of a tool's parameters by name, without references; empty where nothing is
    known."""
    root = tools.get(tool, {})
    found = root.get("properties", {})
    return {name: _flat(each, root) for name, each in _mapping(found).items()}


def _flat(schema: object, root: Schema) -> Schema:
    parts = alternatives(schema, root)
    return parts[0] if len(parts) == 1 else {"anyOf": parts}


def resolved(schema: object, root: Schema) -> Schema:
    """The schema with what its `$ref` and `allOf` say put in their place; `{}`, which allows
    everything, where they lead nowhere or in a circle."""
    found = _mapping(schema)
    for _ in range(LINKS):
        if "$ref" in found:
            target = _mapping(_part(root, found["$ref"]))
            found = _joined(target, _without(found, "$ref"))
        elif "allOf" in found:
            parts = list(map(_mapping, _list(found["allOf"])))
            if sum("$ref" in part for part in parts) > 1:
                return {}
            found = _joined(*parts, _without(found, "allOf"))
        else:
            return found
    return {}


def alternatives(schema: object, root: Schema) -> list[Schema]:
    """The schemas of a union, those of the unions within it in their places; a schema that
    is no union is the only one. None has `$ref`, `allOf`, `anyOf` or `oneOf`."""
    found: list[Schema] = []
    waiting: list[tuple[Schema, object]] = [({}, schema)]
    seen: set[int] = set()
    while waiting:
        around, part = waiting.pop()
        if id(part) in seen:
            continue  # a union that holds itself
        seen.add(id(part))
        whole = resolved(_joined(around, _mapping(part)), root)
        unions = [each for key in ("anyOf", "oneOf") for each in _list(whole.get(key))]
        rest = _without(whole, "anyOf", "oneOf")
        waiting += [(rest, each) for each in reversed(unions)]
        if not unions:
            found.append(rest)
    return found or [{}]


def types(schema: object) -> frozenset[str]:
    """The JSON types that a schema allows; empty where it does not say."""
    each = [frozenset(_named(part)) for part in alternatives(schema, {})]
    return frozenset[str]().union(*each) if all(each) else frozenset()


def spelled(schema: Schema) -> list[Any] | None:
    """The values that `const` or `enum` name; None where they do not."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return values if isinstance(values, list) and values else None


def value(text: str, schema: object) -> Any:
    """The value that `text` stands for. Text that is no JSON, or of no type that the
    schema allows beside strings, is a string as it is; so is text in quotes, and text that
    the schema names as one of its values."""
    allowed = types(schema)
    if allowed == {"string"} or text in _strings(schema):
        return text
    try:
        decoded = json.loads(text)
    except (ValueError, RecursionError):
        return text
    kind = _kind(decoded)
    fits = not allowed or kind in allowed or (kind == "integer" and "number" in allowed)
    if kind == "string" or (not fits and "string" in allowed):
        return text
    return decoded


def _strings(schema: object) -> Iterator[str]:
    for part in alternatives(schema, {}):
        yield from (each for each in spelled(part) or () if isinstance(each, str))


def _named(schema: Schema) -> Iterator[str]:
    if (values := spelled(schema)) is not None:
        yield from map(_kind, values)
        return
    kinds = schema.get("type")
    yield from (each for each in [kinds, *_list(kinds)] if isinstance(each, str))


def _kind(value: object) -> str:
    return "null" if value is None else _KINDS.get(type(value), "array")


def _part(root: Schema, reference: object) -> object:
    """What `$ref` points at within the schema; None if nothing."""
    found: object = root
    path = str(reference)
    if not path.startswith("#/"):
        return None
    for step in path[2:].split("/"):
        found = _mapping(found).get(step.replace("~1", "/").replace("~0", "~"))
    return found


def _joined(*schemas: Schema) -> Schema:
    """The schemas in one, which all of them describe; of what they say differently, the last
    one's word."""
    found: dict[str, Any] = {}
    for schema in schemas:
        both = {**found, **schema}
        if "properties" in found and "properties" in schema:
            each = (_mapping(found["properties"]), _mapping(schema["properties"]))
            both["properties"] = {**each[0], **each[1]}
        if "required" in found and "required" in schema:
            both["required"] = [*_list(found["required"]), *_list(schema["required"])]
        found = both
    return found


def _mapping(value: object) -> Schema:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _without(schema: Schema, *keys: str) -> Schema:
    return {key: value for key, value in schema.items() if key not in keys}
