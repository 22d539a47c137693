"""What plugins say of their tools, asked once for each version of their code.

To know a tool's arguments its code has to run: that happens in the process of a tool call
(`sandbox.describe`), never in ours, and what it says is checked, for it is a stranger's. It
is kept by the hash of the code, also that it failed. The file is only a cache: when it
is damaged or gone, the plugins are asked again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any, cast, get_args

from localai import __version__, paths
from localai.errors import StoreError, ToolError
from localai.tools.allowed import Need
from localai.tools.arguments import WORDS
from localai.tools.place import File, Module
from localai.tools.tool import EFFECTS, NAME, Tool

MOST_KEPT = 2000
"""Versions of code; the oldest go first."""
DEEPEST = 20

Said = tuple[Tool, ...] | str
"""The tools of a place, or one sentence on why there are none."""


class Descriptions:
    """What is known, read from the cache file once; `save` writes back what was learnt."""

    def __init__(self) -> None:
        self._known = _read()
        self._learnt: dict[str, Any] = {}

    def known(self, key: str, place: File | Module) -> Said | None:
        """What the code of this key said, if it was asked. Nothing is started."""
        found = self._known.get(key)
        if isinstance(found, str):
            return found
        try:
            return None if found is None else read(found, place)
        except ToolError:
            return None

    def ask(self, key: str, place: File | Module) -> Said:
        """Load the code, in a process of its own that ends within 5 s."""
        from localai.tools import sandbox
        from localai.tools.outcome import Limits, Ok

        limits = Limits(wall_seconds=5, output_bytes=256 << 10)
        outcome = sandbox.describe(place, limits)
        found: Any = outcome.text
        if isinstance(outcome, Ok):
            try:
                found = json.loads(outcome.text)
                read(found, place)
            except (ToolError, ValueError, RecursionError) as error:
                found = str(error)
        self._known[key] = self._learnt[key] = found
        return found if isinstance(found, str) else read(found, place)

    def save(self) -> None:
        """Keep what was asked. A cache that cannot be written costs time, nothing else."""
        if not self._learnt:
            return
        kept = _read() | self._learnt
        kept = dict(list(kept.items())[-MOST_KEPT:])
        with contextlib.suppress(OSError, StoreError):
            paths.private_dir(paths.tool_cache().parent)
            paths.replace(paths.tool_cache(), json.dumps({"version": __version__, "said": kept}))
        self._learnt = {}


def _read() -> dict[str, Any]:
    try:
        found = json.loads(paths.tool_cache().read_bytes())
        if found["version"] == __version__:
            return dict(found["said"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return {}


def read(found: Any, place: File | Module) -> tuple[Tool, ...]:
    """The tools of a decoded description. Raises ToolError when it is not one."""
    name = place.module if isinstance(place, Module) else place.path
    if not isinstance(found, list):
        raise ToolError(f"{name} tells nothing about its tools.")
    return tuple(_tool(name, each, place) for each in found)


def _tool(where: str, found: Any, place: File | Module) -> Tool:
    match found:
        case {
            "name": str() as name,
            "description": str() as description,
            "parameters": {"type": "object", "properties": dict() as properties} as parameters,
            "effects": list() as effects,
            "needs": (str() | None) as needs,
        } if (
            NAME.fullmatch(name)
            and all(effect in EFFECTS for effect in effects)
            and (needs is None or needs in get_args(Need))
            and isinstance(parameters.get("required"), list)
            and all(isinstance(each, str) and each in properties for each in parameters["required"])
            and all(_sound(each, DEEPEST) for each in properties.values())
        ):
            text = " ".join(description.split())
            given = frozenset(effects)
            return Tool(name, text, dict(parameters), given, place, cast("Need | None", needs))
    raise ToolError(f"{where} describes a tool in a way that cannot be used; write it with @tool.")


def _sound(schema: Any, deep: int) -> bool:
    """Whether it is a schema that `arguments` can check."""
    if not isinstance(schema, Mapping) or not deep:
        return False
    if "anyOf" in schema:
        parts = schema["anyOf"]
        return isinstance(parts, list) and all(
            _sound(part, deep - 1) and "type" in part for part in parts
        )
    if not isinstance(schema.get("enum", []), list):
        return False
    if not isinstance(schema.get("description", ""), str):
        return False
    match schema.get("type"):
        case "array":
            return _sound(schema.get("items"), deep - 1)
        case "object":
            return _sound(schema.get("additionalProperties"), deep - 1)
        case kind:
            return isinstance(kind, str) and kind in WORDS
