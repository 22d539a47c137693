"""The tools of MCP servers as tools like any other: names, and a check of the arguments.

A server's schema may use all of JSON Schema and the server checks for itself, so only what
is plainly wrong is refused here: what is missing, unknown, or of another type.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from localai.errors import ArgumentsError
from localai.tools.arguments import shown, wanted
from localai.tools.mcp.launch import Launch
from localai.tools.mcp.listing import Listing, Offer
from localai.tools.place import Server
from localai.tools.sandbox import MOST_REQUEST
from localai.tools.tool import EFFECTS, Tool

MOST_NAME = 64
_MARK = 6  # hex digits that tell apart names which would be the same
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


@dataclass(frozen=True, kw_only=True)
class ServerTool(Tool):
    """A tool of an MCP server, which is started by `launch` and knows it as `original`."""

    original: str
    launch: Launch

    def told(self) -> dict[str, Any]:
        """What there is to know of it, with the name that is called in the end."""
        return {**super().told(), "original": self.original}

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as the server takes them. Raises ArgumentsError."""
        known, name = self.parameters["properties"], self.name
        if self.parameters.get("additionalProperties") is False:
            for key in given:
                if key not in known:
                    raise ArgumentsError(
                        f"{name} has no argument {shown(key)}; "
                        f"it takes {', '.join(known) or 'none'}."
                    )
        for key in self.parameters["required"]:
            if key not in given:
                raise ArgumentsError(f"{name} needs the argument {key}.")
        fitted = {key: _fit(key, known.get(key, {}), value) for key, value in given.items()}
        try:
            size = len(json.dumps(fitted, allow_nan=False))
        except (ValueError, TypeError, RecursionError):
            raise ArgumentsError(f"The arguments of {name} cannot be written as JSON.") from None
        if size > MOST_REQUEST:
            raise ArgumentsError(f"The arguments of {name} are longer than 1 MB.")
        return fitted


def tools(
    listings: Iterable[tuple[Launch, Listing]], taken: Collection[str] = ()
) -> tuple[ServerTool, ...]:
    """All that the servers offer, under names of their own, none of them in `taken`."""
    found: dict[str, ServerTool] = {}
    for launch, listing in listings:
        for offer in listing.tools:
            name = _name(launch.name, offer.name, {*taken, *found})
            if name is not None:
                found[name] = _tool(name, launch, offer)
    return tuple(found.values())


def prefix(server: str) -> str:
    """What the names of a server's tools begin with."""
    return server.replace("-", "_") + "_"


def _tool(name: str, launch: Launch, offer: Offer) -> ServerTool:
    return ServerTool(
        name,
        offer.description or f"The tool {offer.name[:MOST_NAME]} of {launch.name}.",
        offer.parameters,
        frozenset(EFFECTS),
        Server(launch.name, launch.sha256),
        original=offer.name,
        launch=launch,
    )


def _name(server: str, tool: str, taken: Collection[str]) -> str | None:
    """The tool's name as a model may write it; None when no name is left."""
    whole = prefix(server) + re.sub(r"[^A-Za-z0-9_]", "_", tool)
    mark = hashlib.sha256(f"{server}/{tool}".encode()).hexdigest()[:_MARK]
    marked = f"{whole[: MOST_NAME - _MARK - 1]}_{mark}"
    for name in (whole, marked):
        if len(name) <= MOST_NAME and name not in taken:
            return name
    return None


def _fit(name: str, schema: Mapping[str, Any], value: Any) -> Any:
    """`value`, which must be of a type that the schema names. Raises ArgumentsError."""
    named = schema.get("type")
    kinds = [kind for kind in _TYPES if kind in (named if isinstance(named, list) else [named])]
    if "integer" in kinds and isinstance(value, float) and value.is_integer():
        value = int(value)
    choice = schema.get("enum")
    if isinstance(choice, list) and choice and value not in choice:
        words = ", ".join(map(shown, choice[:20]))
        raise ArgumentsError(f"{name} must be one of {words}, not {shown(value)}.")
    if kinds and not any(_is(kind, value) for kind in kinds):
        words = wanted({"anyOf": [{"type": kind} for kind in kinds]})
        raise ArgumentsError(f"{name} must be {words}, not {shown(value)}.")
    return value


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])
