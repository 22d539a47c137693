"""Values that a format writes as bare text: what the tool's schema says they are. Pure.

Of JSON Schema it knows `type`, `anyOf` and `oneOf`; whether a value is valid is the
tool's business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localai.tools.parse.calls import Schemas

_KINDS = {bool: "boolean", str: "string", int: "integer", float: "number", dict: "object"}


def parameters(tools: Schemas, tool: str) -> Mapping[str, Any]:
    """Schemas of a tool's parameters by name; empty where nothing is known."""
    found = tools.get(tool, {}).get("properties", {})
    return found if isinstance(found, Mapping) else {}


def types(schema: object) -> frozenset[str]:
    """The JSON types that a schema allows; empty where it does not say."""
    if not isinstance(schema, Mapping):
        return frozenset()
    named = schema.get("type", ())
    found = {named} if isinstance(named, str) else {each for each in named if each}
    for key in ("anyOf", "oneOf"):
        for each in schema.get(key, ()):
            found |= types(each)
    return frozenset(found)


def value(text: str, schema: object) -> Any:
    """The value that `text` stands for. Text that is no JSON, or of no type that the
    schema allows beside strings, is a string as it is; so is text in quotes."""
    allowed = types(schema)
    if allowed == {"string"}:
        return text
    try:
        decoded = json.loads(text)
    except (ValueError, RecursionError):
        return text
    kind = "null" if decoded is None else _KINDS.get(type(decoded), "array")
    fits = not allowed or kind in allowed or (kind == "integer" and "number" in allowed)
    if kind == "string" or (not fits and "string" in allowed):
        return text
    return decoded
