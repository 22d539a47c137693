"""Checking a call's arguments against a tool's parameters.

The sentences are for the model: each says what is wrong with which argument and what fits,
so that the next try can be right. Strict, with the one leniency that JSON has a single kind
of number: 2.0 is taken for the integer 2, and 2 for the number 2.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localai.errors import ArgumentsError

Schema = dict[str, Any]

_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}
WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
_SHOWN = 60


def check(tool: str, parameters: Schema, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the function takes them; what is left out stays out.

    `parameters` is a Tool's. Raises ArgumentsError.
    """
    known = parameters["properties"]
    for name in arguments:
        if name not in known:
            takes = f"it takes {_listed(list(known))}" if known else "it takes none"
            raise ArgumentsError(f"{tool} has no argument {_quoted(str(name))}; {takes}.")
    missing = [name for name in parameters["required"] if name not in arguments]
    if missing:
        word = "argument" if len(missing) == 1 else "arguments"
        raise ArgumentsError(f"{tool} needs the {word} {_listed(missing)}.")
    return {name: fit(name, known[name], value) for name, value in arguments.items()}


def fit(name: str, schema: Schema, value: Any) -> Any:
    """`value` as `schema` wants it. Raises ArgumentsError; `name` is what it is called there."""
    if "anyOf" in schema:
        return _fit_any(name, schema, value)
    kind = schema["type"]
    if kind in ("integer", "number"):
        value = _number(kind, value)
    if not _is(kind, value) or ("enum" in schema and value not in schema["enum"]):
        raise ArgumentsError(f"{name} must be {wanted(schema)}, not {shown(value)}.")
    if kind == "array":
        return [fit(f"{name}[{place}]", schema["items"], part) for place, part in enumerate(value)]
    if kind == "object":
        inner = schema["additionalProperties"]
        return {key: fit(f"{name}.{_short(key)}", inner, part) for key, part in value.items()}
    return value


def wanted(schema: Schema) -> str:
    """What fits the schema, in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(wanted(part) for part in schema["anyOf"]))
    if "enum" in schema:
        return "one of " + ", ".join(shown(value) for value in schema["enum"])
    return WORDS[schema["type"]]


def shown(value: Any) -> str:
    """A value as a model would write it, cut short."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list | dict):
        return WORDS["array" if isinstance(value, list) else "object"]
    words = {True: "true", False: "false", None: "null"}
    text = words[value] if value is None or isinstance(value, bool) else str(value)
    return _short(text)


def _fit_any(name: str, schema: Schema, value: Any) -> Any:
    """A value for a union. In `int | float`, 2.0 stays 2.0: what fits as it is goes first."""
    exact = [part for part in schema["anyOf"] if _is(part["type"], value)]
    for part in exact or schema["anyOf"]:
        try:
            return fit(name, part, value)
        except ArgumentsError:
            if len(exact) == 1:
                raise  # it says where inside the value the mistake is
    raise ArgumentsError(f"{name} must be {wanted(schema)}, not {shown(value)}.")


def _number(kind: str, value: Any) -> Any:
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind == "number" and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return value
    return value


def _is(kind: str, value: Any) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, float)
    return kind in _KINDS and isinstance(value, _KINDS[kind])


def _quoted(text: str) -> str:
    return f'"{_short(text)}"'


def _short(text: str) -> str:
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return cut.replace("\n", " ")


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
