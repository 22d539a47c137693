"""What an MCP server offers: its tools as it described them, made safe and kept in a file.

What a server says of itself is text of somebody else's: it is cleaned, cut to size and
counted before anything else sees it. Its annotations (read-only and the like) are dropped:
nothing can hold a server to them.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from localai import paths
from localai.errors import LocalaiError
from localai.sanitize import clean, one_line

MOST_TOOLS = 128
MOST_NAME = 256
MOST_DESCRIPTION = 1000
MOST_SCHEMA = 16 << 10
MOST_DEPTH = 32


class Offer(msgspec.Struct, frozen=True):
    """A tool as its server knows it. `parameters` is the JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


class Listing(msgspec.Struct, frozen=True):
    """What a server offers that is started as `sha256` (hex); `left_out` are the tools that are
    too many or too large, of which there may be more than were counted."""

    sha256: str
    tools: tuple[Offer, ...]
    left_out: int = 0


def made(sha256: str, described: Iterable[tuple[str, str, dict[str, Any]]], more: int) -> Listing:
    """From names, descriptions and schemas as they came; at least `more` were not asked for."""
    tools: dict[str, Offer] = {}
    for name, description, schema in described:
        room = len(tools) < MOST_TOOLS and 0 < len(name) <= MOST_NAME
        parameters = _parameters(schema) if room else None
        if parameters is None:
            more += 1
        else:
            tools[name] = Offer(name, _line(description), parameters)
    return Listing(sha256, tuple(tools.values()), more)


def read(name: str, sha256: str) -> Listing | None:
    """What is kept of the server, if it is still started that way."""
    try:
        found = msgspec.json.decode(_file(name).read_bytes(), type=Listing)
    except (OSError, msgspec.DecodeError, RecursionError):
        return None
    return found if found.sha256 == sha256 else None


def write(name: str, listing: Listing) -> None:
    """Keep it for the next time. Where that is impossible the server is asked again then."""
    with contextlib.suppress(OSError, LocalaiError):
        path = _file(name)
        paths.private_dir(paths.private_dir(paths.home()) / path.parent.name)
        paths.replace(path, msgspec.json.encode(listing).decode())


def _file(name: str) -> Path:
    return paths.home() / "mcp" / f"{name}.json"


def _line(text: str) -> str:
    """A description as one line, cut to size."""
    return one_line(text[: 4 * MOST_DESCRIPTION], MOST_DESCRIPTION)


def _parameters(schema: dict[str, Any]) -> dict[str, Any] | None:
    """The schema, with what every reader of one may count on; None when it is no use."""
    try:
        safe: dict[str, Any] = _cleaned(schema, MOST_DEPTH)
        size = len(json.dumps(safe))
    except (ValueError, RecursionError):
        return None
    if size > MOST_SCHEMA or safe.get("type", "object") != "object":
        return None
    properties, required = safe.get("properties"), safe.get("required")
    known = properties if isinstance(properties, dict) else {}
    needed = required if isinstance(required, list) else []
    return safe | {
        "type": "object",
        "properties": {
            name: part if isinstance(part, dict) else {} for name, part in known.items()
        },
        "required": [name for name in needed if isinstance(name, str)],
    }


def _cleaned(value: Any, depth: int) -> Any:
    """The value with every text in it cleaned. Raises ValueError where it is too deep."""
    if not depth:
        raise ValueError
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): _cleaned(part, depth - 1) for key, part in value.items()}
    if isinstance(value, list):
        return [_cleaned(part, depth - 1) for part in value]
    return value
