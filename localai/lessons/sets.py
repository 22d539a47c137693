"""Data sets by name. What is in them is the store's, what comes along is in `shipped`."""

from __future__ import annotations


def named(name: str) -> tuple[str, ...]:
    """The data sets of a name; several have commas between them. "" is the user's own."""
    return tuple(dict.fromkeys(part.strip() for part in name.split(",")))
