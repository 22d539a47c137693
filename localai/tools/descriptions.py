"""What plugins say of their tools, asked once for each version of their code.

To know a tool's arguments its code has to run: that happens in the process of a tool call
(`sandbox.describe`), never in ours, and what it says is checked, for it is a stranger's. It
is kept by the hash of the code, also that the code failed. What failed for another reason,
such as want of time, is known in this process alone. The file is only a cache: when it is
damaged or gone, the plugins are asked again.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast, get_args

from localai import __version__, paths
from localai.errors import StoreError, ToolError
from localai.tools.allowed import Need
from localai.tools.arguments import WORDS
from localai.tools.place import File, Module
from localai.tools.tool import EFFECTS, NAME, Tool

if TYPE_CHECKING:
    from localai.tools.outcome import Outcome

MOST_KEPT = 2000
"""Versions of code; the oldest go first."""
DEEPEST = 20
AT_ONCE = 4
SLICE_SECONDS = 0.1

Said = tuple[Tool, ...] | str
"""The tools of a place, or one sentence on why there are none."""

_unanswered: dict[str, str] = {}
"""Key -> why its code could not say anything. For this process, which would be asking all
the time; the next one may find the machine less busy."""


class Descriptions:
    """What is known, read from the cache file once; `save` writes back what was learnt."""

    def __init__(self) -> None:
        self._known = _read()
        self._learnt: dict[str, Any] = {}

    def known(self, key: str, place: File | Module) -> Said | None:
        """What the code of this key said, if it was asked. Nothing is started."""
        found = self._known.get(key, _unanswered.get(key))
        if isinstance(found, str):
            return found
        try:
            return None if found is None else read(found, place)
        except ToolError:
            return None

    def ask(self, key: str, place: File | Module) -> Said:
        """Load the code, in a process of its own that ends within 5 s."""
        return self._learn(key, place, _described(place))

    def ask_all(
        self, places: Mapping[str, File | Module], stop: threading.Event | None = None
    ) -> None:
        """Ask the code of each key, AT_ONCE at a time. Ends soon when `stop` is set, or by a
        Ctrl-C, and has learnt by then what was said."""
        # Imported here: most starts have nothing to ask.
        from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

        over = threading.Event()
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            asked = {
                pool.submit(_described, place, over): (key, place) for key, place in places.items()
            }
            while asked:
                # In slices: a Ctrl-C and `stop` are only seen between them.
                for future in wait(asked, SLICE_SECONDS, FIRST_COMPLETED).done:
                    self._learn(*asked.pop(future), future.result())
                if stop is not None and stop.is_set():
                    break
        finally:
            over.set()
            pool.shutdown(cancel_futures=True)

    def _learn(self, key: str, place: File | Module, outcome: Outcome) -> Said:
        from localai.tools.outcome import BrokenOff, Ok, TimedOut

        if isinstance(outcome, BrokenOff | TimedOut):
            _unanswered[key] = outcome.text
            return outcome.text
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


def _described(place: File | Module, stop: threading.Event | None = None) -> Outcome:
    from localai.tools import sandbox
    from localai.tools.outcome import Limits

    return sandbox.describe(place, Limits(wall_seconds=5, output_bytes=256 << 10), stop)


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
