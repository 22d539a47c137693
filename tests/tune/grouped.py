"""A process of a group, for tests: `python -m tests.tune.grouped CASE`, its answer as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import mlx.core as mx
import numpy as np

from localai.errors import ModelError
from localai.tune import group
from localai.tune.group import Group
from localai.tune.plan import Lost


def sums(made: Group) -> Any:
    """What each has, summed by shares of 1, 2 and 3; what the first has; a number of all."""
    tree = {"b": [mx.full((2, 3), made.rank)], "a": {"c": mx.array(1.0)}}
    found = made.sum(tree, made.rank + 1.0)
    first = made.first({"x": mx.array([made.rank + 0.1])})
    return [
        np.array(found["b"][0]).tolist(),
        float(found["a"]["c"]),
        float(first["x"][0]),
        made.total(made.rank),
        made.decided(7000 + made.rank),
    ]


def agrees(made: Group) -> Any:
    """Whether they may train together."""
    made.agree("1", "same")
    try:
        made.agree("1", "same" if made.rank else "other")
    except ModelError as error:
        return str(error)
    return ""


def leaves(made: Group) -> Any:
    """What the others see when the last one has gone."""
    if made.rank == made.size - 1:
        return "left"
    try:
        while True:
            made.total(1.0)
    except Lost:
        return "lost"


def waits(_: Group) -> Any:
    """Nothing: it is alone, and MLX waits for ever."""


CASES: dict[str, Callable[[Group], Any]] = {
    each.__name__: each for each in (sums, agrees, leaves, waits)
}

if __name__ == "__main__":
    if sys.argv[1] == "waits":
        group.CONNECTING = 1
    print(json.dumps(CASES[sys.argv[1]](group.joined("ring", lambda: None))))
