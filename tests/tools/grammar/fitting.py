"""Whether a value is what a schema says. For the tests: our own reading of JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def fits(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    """Whether it fits; `root` holds what `$ref` points at."""
    parts = schema.get("anyOf") or schema.get("oneOf")
    kinds = schema.get("type", list(_TYPES))
    return (
        ("$ref" not in schema or fits(value, _target(schema["$ref"], root), root))
        and (not parts or any(fits(value, part, root) for part in parts))
        and all(fits(value, part, root) for part in schema.get("allOf", ()))
        and ("const" not in schema or _same(value, schema["const"]))
        and ("enum" not in schema or any(_same(value, each) for each in schema["enum"]))
        and any(_is(kind, value) for kind in ([kinds] if isinstance(kinds, str) else kinds))
        and _inner(value, schema, root)
    )


def _inner(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    if isinstance(value, list):
        return all(fits(each, schema.get("items", {}), root) for each in value)
    if isinstance(value, dict):
        known, rest = schema.get("properties", {}), schema.get("additionalProperties", {})
        each = all(
            fits(item, known[key], root)
            if key in known
            else rest is not False and fits(item, rest, root)
            for key, item in value.items()
        )
        return each and {*schema.get("required", ())} <= {*value}
    return True


def _is(kind: str, value: Any) -> bool:
    number_like = isinstance(value, bool) and kind in ("integer", "number")
    return isinstance(value, _TYPES[kind]) and not number_like


def _same(a: Any, b: Any) -> bool:
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


def _target(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found = root
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found
