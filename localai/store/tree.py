"""A conversation whole, as it goes from one history to another. Values only."""

from __future__ import annotations

from typing import Literal

import msgspec

from localai.conversation import Completion, Part, Role
from localai.store.rows import Origin
from localai.store.tuning import CorrectionState, ExampleState, Reason, Source

Ended = Literal["done", "cancelled", "interrupted", "failed"]


class Leaf(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message of a tree; fields as in `StoredMessage` and `Message`. `hash` is hex."""

    id: str
    parent: str
    role: Role
    status: Ended
    created: float
    parts: tuple[Part, ...]
    ids: tuple[int, ...] = ()
    vocab: str = ""
    learn: bool = True
    error: str = ""
    origin: Origin | None = None
    completion: Completion | None = None
    hash: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """A correction of a tree; fields as in `Correction`."""

    id: str
    rejected: str
    chosen: str
    state: CorrectionState
    created: float
    reason: Reason = "edited"


class Material(msgspec.Struct, frozen=True):
    """An example of a tree; fields as in `StoredExample`."""

    id: str
    leaf: str
    source: Source
    name: str
    state: ExampleState
    whole: bool
    created: float


class Tree(msgspec.Struct, frozen=True):
    """A conversation with all its branches, oldest message first, its corrections, and the
    examples that end in it.

    `deleted` is when it was taken out of sight; `source` is hex, "" when it began here;
    `kind` is "example" for a dialogue that was written to be learned from; `fork` is the last
    message that a fork shares, "" for what is none.
    """

    id: str
    title: str
    system: str
    leaf: str
    created: float
    updated: float
    messages: tuple[Leaf, ...]
    corrections: tuple[Verdict, ...] = ()
    deleted: float | None = None
    source: str = ""
    kind: Literal["chat", "example"] = "chat"
    examples: tuple[Material, ...] = ()
    fork: str = ""
