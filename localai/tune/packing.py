"""Examples put end to end into one row a step, so that no padding is computed.

Pure: numpy only. The attention mask keeps examples apart (block-diagonal); positions need
no reset, since rotary attention depends on distances alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from localai.tune.dataset import Example

ROUND = 64
"""Lengths are rounded up to multiples of this, so that few shapes have to be compiled."""

Array = np.ndarray[Any, Any]


class Row(msgspec.Struct, frozen=True):
    """An example as the loss reads it. `ids` (length,): all tokens but the last. `places`
    (n,): positions whose next token counts; `targets` and `weights` (n,): that token, and
    what it counts."""

    ids: Array
    places: Array
    targets: Array
    weights: Array


class Pack(msgspec.Struct, frozen=True):
    """One step: rows end to end, fields as in Row. `segments` (length,) tells which row a
    position belongs to, -1 for padding; padded places weigh 0. `tokens`: how many ids are
    not padding."""

    ids: Array
    segments: Array
    places: Array
    targets: Array
    weights: Array
    tokens: int


def row(example: Example) -> Row:
    """An example as the loss reads it."""
    weights = np.array(example.weights[1:], np.float32)
    places = np.flatnonzero(weights).astype(np.int32)
    targets = np.array(example.ids[1:], np.int32)[places]
    return Row(np.array(example.ids[:-1], np.int32), places, targets, weights[places])


def pack(rows: Sequence[Row]) -> Pack:
    """The rows in one; nothing of one is seen by another."""
    lengths = [len(each.ids) for each in rows]
    begins = np.cumsum([0, *lengths[:-1]])
    places = np.concatenate(
        [each.places + begin for each, begin in zip(rows, begins, strict=True)]
    ).astype(np.int32)
    room, more = _missing(sum(lengths)), _missing(len(places))
    return Pack(
        ids=np.pad(np.concatenate([each.ids for each in rows]), (0, room)),
        segments=np.pad(
            np.repeat(np.arange(len(rows), dtype=np.int32), lengths),
            (0, room),
            constant_values=-1,
        ),
        places=np.pad(places, (0, more)),
        targets=np.pad(np.concatenate([each.targets for each in rows]), (0, more)),
        weights=np.pad(np.concatenate([each.weights for each in rows]), (0, more)),
        tokens=sum(lengths),
    )


def steps(
    own: Sequence[Row],
    replay: Sequence[Row],
    *,
    tokens: int,
    share: float,
    random: np.random.Generator,
) -> Iterator[list[Row]]:
    """One epoch: every example of `own` once, about `tokens` in a step, of which `share`
    are drawn from `replay` in turn (none when it is empty)."""
    order = [own[i] for i in random.permutation(len(own))]
    others = _for_ever(replay, random)
    while order:
        step = _take(order, tokens * (1 - share) if replay else tokens)
        if replay:
            room = share / (1 - share) * sum(len(example.ids) for example in step)
            while room >= 1:
                step.append(next(others))
                room -= len(step[-1].ids)
        yield step


def _take(order: list[Row], room: float) -> list[Row]:
    """Examples off the end of `order` while there is room; at least one."""
    taken = [order.pop()]
    room -= len(taken[0].ids)
    while order and len(order[-1].ids) <= room:
        taken.append(order.pop())
        room -= len(taken[-1].ids)
    return taken


def _for_ever(examples: Sequence[Row], random: np.random.Generator) -> Iterator[Row]:
    while True:
        for i in random.permutation(len(examples)):
            yield examples[i]


def _missing(length: int) -> int:
    """How far it is to the next multiple of ROUND; never 0 from 0."""
    return -length % ROUND or (0 if length else ROUND)
