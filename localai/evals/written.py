"""Data files of questions that we wrote ourselves: read, named and mixed.

What is in them is their tasks' own.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterable
from importlib import resources
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_NAME = 80


def pool(name: str, pool: str) -> dict[str, Any]:
    """What the data file of that name has in a pool; nothing where it has no such pool."""
    text = resources.files("localai.evals").joinpath(f"data/{name}.toml").read_text("utf-8")
    found: dict[str, Any] = tomllib.loads(text).get(pool, {})
    return found


def named(question: str) -> str:
    """A name for a question that stays its own however others are added: its words."""
    return "-".join(re.findall(r"\w+", question.casefold()))[:LONGEST_NAME]


def mixed(found: Iterable[T]) -> tuple[T, ...]:
    """All in an order of which every beginning is a fair sample; the same order each time."""
    every = list(found)
    random.Random(len(every)).shuffle(every)
    return tuple(every)
