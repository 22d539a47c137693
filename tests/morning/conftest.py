"""A data folder and a store of its own for each test."""

from __future__ import annotations

from tests.store.upkeep.conftest import home, store

__all__ = ["home", "store"]
