"""What the bare model's answers to the gate's questions came to, kept from one gate to the next.

It says the same every time, so that it is asked once; what it said is not kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import msgspec

from localai import __version__, paths
from localai.chat.prompt import system_text
from localai.errors import StoreError
from localai.evals.task import Place
from localai.tune.gate.questions import Questions


class Bare:
    """The values by question, in a file for the model `base` (a hash) as it is asked in a place."""

    def __init__(self, place: Place, base: str) -> None:
        info, settings, described = place.engine.load(), place.settings, place.entry.description
        told = (
            (__version__, version("llama-cpp-python"), info.accelerator),
            (base, info.vocab_hash, info.template, described),
            (system_text(settings, described), settings.engine.model_dump_json()),
            settings.tools.model_dump_json(),
            sorted((name, tool.parameters) for name, tool in place.toolbox.tools.items()),
        )
        name = hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]
        self._file = paths.home() / "cache" / f"bare-{name}.json"
        self._values = _read(self._file)

    def values(self, pool: Questions, count: int) -> dict[int, float]:
        """Those of the first so many questions of a pool that are known, by number."""
        keys = {at: pool.key(at) for at in range(count)}
        return {at: self._values[key] for at, key in keys.items() if key in self._values}

    def keep(self, *said: tuple[Questions, Mapping[int, float]]) -> None:
        """Know these of pools, too, from now on; where they cannot be written, in this gate."""
        for pool, values in said:
            self._values |= {pool.key(at): value for at, value in values.items()}
        with suppress(OSError, StoreError):
            paths.private_dir(self._file.parent)
            paths.replace(self._file, msgspec.json.encode(self._values).decode())


def _read(file: Path) -> dict[str, float]:
    """What is in it; nothing where it is not there, or damaged."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, float])
    except (OSError, msgspec.DecodeError):
        return {}
