"""JSON schema of a type annotation, for the types a model can write as JSON.

str, int, float, bool, list[...], dict[str, ...], Literal and unions of these, None included.
Only the few keywords that `arguments` checks are used (JSON Schema 2020-12).
"""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin

Schema = dict[str, Any]

_SIMPLE: dict[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def of(annotation: Any) -> Schema:
    """The schema of a type. Raises TypeError, naming the part that has none."""
    if annotation is None or annotation in _SIMPLE:
        return {"type": _SIMPLE[type(None) if annotation is None else annotation]}
    inner = get_args(annotation)
    match get_origin(annotation):
        case origin if origin is Literal:
            return _choice(annotation, inner)
        case origin if origin is list:
            return {"type": "array", "items": of(inner[0])}
        case origin if origin is dict and inner[0] is str:
            return {"type": "object", "additionalProperties": of(inner[1])}
        case origin if origin in (Union, types.UnionType):
            return {"anyOf": [of(part) for part in inner]}
    raise TypeError(name(annotation))


def name(annotation: Any) -> str:
    """The annotation as its author wrote it, near enough."""
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _choice(annotation: Any, values: tuple[Any, ...]) -> Schema:
    kinds = {type(value) for value in values}
    if len(kinds) != 1 or not kinds <= {str, int}:
        raise TypeError(name(annotation))
    return {"type": _SIMPLE[kinds.pop()], "enum": list(values)}
