"""A mistake in the settings file, as pydantic finds it, told to who wrote the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def sentence(wrong: Mapping[str, Any], file: Path) -> str:
    """A mistake that pydantic found, in words for who writes the file."""
    place = [str(part) for part in wrong["loc"] if part != "[key]"]
    name, step = ".".join(place), "correct it or delete the line"
    table = ".".join(place[:-1])
    match wrong["type"]:
        case "missing":
            return f"The setting {name} is missing in {file}; write it under [{table}]."
        case "extra_forbidden" if place[:1] == ["mcp"] and place[2:] == ["url"]:
            why = "servers that are reached by a URL are not supported yet"
            step = "give the command of one that runs on this machine"
        case "extra_forbidden":
            why = "there is no setting of that name"
        case "model_type" | "model_attributes_type" | "dict_type":
            named = "mcp.NAME" if place[0] == "mcp" and len(place) < 3 else name
            why, step = "it must be a table", f"write [{named}]"
        case kind:
            own = wrong["msg"].removeprefix("Value error, ").replace("Input should", "it should")
            why = _WANTED.get(kind, own)
    return f"The setting {name} in {file} is not usable: {why}; {step}."


_WANTED = {
    "bool_type": "it must be true or false",
    "bool_parsing": "it must be true or false",
    "float_type": "it must be a number",
    "float_parsing": "it must be a number",
    "int_type": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "list_type": "it must be a list",
    "path_type": "it must be text",
    "string_type": "it must be text",
}
"""Pydantic's type of a mistake -> what the setting must be."""
