"""What is compared: two sides of one question, told apart by style or by adapter. Values, and how
they are named.

Answering by a side is the session's; votes are the store's.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec

from localai.catalog import ModelEntry
from localai.catalog.entry import required_path
from localai.chat.adapters import active_adapter, file_hash
from localai.chat.prompt import Style
from localai.errors import UsageError
from localai.store.preferred import Kind
from localai.store.store import Store
from localai.store.tuning import Adapter

BASE = "base"
CURRENT = "current"
STYLES: tuple[Style, ...] = ("direct", "steps")


class Side(msgspec.Struct, frozen=True):
    """One of two: `by` is its style, or its adapter's id ("base" for the bare model), `name` what
    it is called."""

    kind: Kind
    by: str
    name: str
    style: Style = "direct"
    adapter: Adapter | None = None


Sides = tuple[Side, Side]


def by_style(names: Sequence[str]) -> Sides:
    """The same model, asked in two ways. Raises UsageError for other than the two."""
    if sorted(names) != sorted(STYLES):
        raise UsageError("Two styles can be compared: direct,steps.")
    sides: dict[str, Side] = {style: Side("styles", style, style, style) for style in STYLES}
    one, other = (sides[name] for name in names)
    return one, other


def by_adapter(store: Store, entry: ModelEntry, names: Sequence[str]) -> Sides:
    """The same question to two adapters of the model; "base" is the bare model, "current" the
    adapter in force. Raises UsageError when they are not two."""
    if len(names) != 2:
        raise UsageError("Name two to compare, such as base,current.")
    one, other = (_side(store, entry, name.strip()) for name in names)
    if one.by == other.by:
        raise UsageError(f"Both sides are {one.name}; choose two that differ.")
    return one, other


def shuffled(sides: Sides) -> Sides:
    """The sides in an order that nobody knows."""
    return sides if random.getrandbits(1) else (sides[1], sides[0])


def _side(store: Store, entry: ModelEntry, name: str) -> Side:
    if name == BASE:
        return Side("adapters", BASE, BASE)
    adapter = active_adapter(store, entry) if name == CURRENT else store.adapter(name)
    if adapter is None:
        raise UsageError(
            "No adapter answers now, so there is nothing to compare with the bare model; "
            "correct some answers, then tune."
        )
    if adapter.base != file_hash(store, required_path(entry)):
        raise UsageError(f"{adapter.name} belongs to another model; `localai adapters list`.")
    return Side("adapters", adapter.id, adapter.name, adapter=adapter)
