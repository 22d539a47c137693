"""The processes that make each step of a training together, one on each machine.

Data parallel: each computes the gradient of its part of a step's rows, the sum of these,
each by its share of the weight, is the gradient of the whole step, and so all make the same
step from the same matrices. MLX's collectives do the sending. One process alone is a group,
too, in which nothing is sent. Starts and ends no process (`launching`).
"""

from __future__ import annotations

import signal
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten, tree_unflatten

from localai.errors import ModelError
from localai.tune import packing
from localai.tune.packing import Row
from localai.tune.plan import Lost

CONNECTING, ANSWERING = 60, 3600
"""Seconds that the others may take to connect, and to make their part of a step. Then the system
ends this process: MLX waits in native code, for ever if a machine lost its power."""

UNLIKE = (
    "The machines would not go on from the same step with the same localai; see that each has "
    "version {}, then `localai tune --resume` with the same other options."
)


class Group:
    """Of `found`, MLX's group; of this process alone without one."""

    def __init__(self, found: mx.distributed.Group | None = None) -> None:
        self._found = found
        self.rank: int = found.rank() if found else 0
        self.size: int = found.size() if found else 1

    def dealt(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The part of a step that is this process's."""
        return packing.dealt(rows, self.size)[self.rank] if self._found else rows

    def sum(self, tree: Any, share: float) -> Any:
        """The sum of every process's arrays, times its `share`. Raises Lost."""
        if self._found is None:
            return tree
        names, arrays = zip(*sorted(tree_flatten(tree)), strict=True)
        mine = mx.concatenate([each.reshape(-1) for each in arrays]) * share
        mx.eval(mine)
        try:
            with _at_most(ANSWERING):
                whole = mx.distributed.all_sum(mine, group=self._found)
                mx.eval(whole)
        except RuntimeError as error:
            raise Lost(str(error)) from error
        ends = np.cumsum([each.size for each in arrays])[:-1].tolist()
        parts = zip(mx.split(whole, ends), arrays, strict=True)
        found = [part.reshape(each.shape).astype(each.dtype) for part, each in parts]
        return tree_unflatten(list(zip(names, found, strict=True)))

    def first(self, tree: Any) -> Any:
        """What the first process has. Raises Lost."""
        return self.sum(tree, float(self.rank == 0))

    def total(self, value: float) -> float:
        """The sum of every process's number. Raises Lost."""
        if self._found is None:
            return value
        return float(self.sum({"value": mx.array(value)}, 1.0)["value"])

    def decided(self, value: int) -> int:
        """The number that the first process has. Raises Lost."""
        return round(self.total(value if self.rank == 0 else 0))

    def agree(self, version: str, about: object) -> None:
        """Raise ModelError in all, if something is not the same for all. Raises Lost."""
        mine = zlib.crc32(f"{version}\0{about}".encode()) & 0xFFFF
        if self.total(float(mine != self.decided(mine))):
            raise ModelError(UNLIKE.format(version))


def joined(backend: str, ready: Callable[[], None]) -> Group:
    """The group that the environment tells of (`hosts`). MLX waits for no late ones, so `ready`
    is called first, and then a line from stdin says that all are. Raises ModelError, Lost when
    no line comes."""
    ready()
    if not sys.stdin.buffer.readline():
        raise Lost("nobody said that all are ready")
    try:
        with _at_most(CONNECTING):
            return Group(mx.distributed.init(strict=True, backend=backend.partition("-")[0]))
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"The machines could not be joined by {backend} ({error}); see that they reach each "
            "other at the addresses and ports of the hosts file, then `localai tune --resume` "
            "with the same other options."
        ) from error


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
