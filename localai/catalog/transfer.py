"""What a pull says while it runs: the values that pass from the child that fetches.

The child writes them to its stdout, one JSON object a line. Values only.
"""

from __future__ import annotations

import msgspec

from localai.catalog.description import Description


class Wanted(msgspec.Struct, frozen=True):
    """What the child is asked for. `wish` is a quantisation, a file name, or ""."""

    repo: str
    wish: str
    models_dir: str


class Planned(msgspec.Struct, frozen=True, tag="planned"):
    """The files are known: `total` bytes, of which `have` are here from an earlier try."""

    file: str
    quant: str
    total: int
    have: int


class Progressed(msgspec.Struct, frozen=True, tag="progressed"):
    """`done` bytes of all files are here."""

    done: int


class Verifying(msgspec.Struct, frozen=True, tag="verifying"):
    """A file has arrived whole and is compared with its checksum."""

    file: str


class Arrived(msgspec.Struct, frozen=True, tag="arrived"):
    """Everything is here and verified. The name in `description` is a proposal."""

    description: Description


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It ended early; `sentence` says why, for the user."""

    sentence: str


Event = Planned | Progressed | Verifying | Arrived | Failed
