"""What every pool of questions is made of: its share of what there is, drawn by hashes."""

from __future__ import annotations

import hashlib
import random
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from localai.evals.task import Example, Pool

SHARES: dict[Pool, int] = {"train": 9, "dev": 3, "gate": 8}
"""Of twenty things so many are in a pool."""


@cache
def data(name: str) -> dict[str, Any]:
    """A data file of the evaluations, read."""
    text = resources.files("localai.evals").joinpath(f"data/{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def draw(*of: object) -> random.Random:
    """Chance that is the same each time for the same things."""
    return random.Random("\0".join(map(str, of)))


def pool_of(subject: str) -> Pool:
    """The pool of what is asked about."""
    at = _hash(subject) % sum(SHARES.values())
    for pool, share in SHARES.items():
        if at < share:
            return pool
        at -= share
    raise AssertionError(subject)


def shuffled(examples: Iterable[Example]) -> list[Example]:
    """In an order that has nothing to do with what they are."""
    return sorted(examples, key=lambda each: _hash(each.id))


def filled(way: str, subject: str) -> str:
    """A question about the subject: its slots filled, the article and the beginning put right.
    A subject with a slash has a second form, for the slot {1}."""
    text = way.format(*subject.split(" / "))
    for article in ("a ", "A "):
        if article + "{}" in way and subject[0].lower() in "aeiou":
            text = text.replace(article + subject, article[0] + "n " + subject)
    return text[0].upper() + text[1:]


def _hash(text: str) -> int:
    return int(hashlib.sha256(text.casefold().encode()).hexdigest()[:12], 16)
