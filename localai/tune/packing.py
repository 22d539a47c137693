"""Examples put end to end into few lines a step, so that little padding is computed.

Pure: numpy only. Lines are as long as the step's longest example: attention costs the
square of their length. The attention mask keeps examples apart (block-diagonal); positions
need no reset, since rotary attention depends on distances alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from localai.tune.dataset import Example

ROUND = 32
"""Lengths are rounded up to multiples of this, so that few shapes have to be compiled."""

Array = np.ndarray[Any, Any]


class Row(msgspec.Struct, frozen=True):
    """An example as the loss reads it. `ids` (length,): all tokens but the last. `places`
    (n,): positions whose next token counts; `targets` and `weights` (n,): that token, and
    what it counts. `recalled`: not that token alone is wanted, but the bare model's whole
    distribution, given by `states` (n, width), its last hidden states at the places, once
    they have been read."""

    ids: Array
    places: Array
    targets: Array
    weights: Array
    recalled: bool = False
    states: Array | None = None


class Pack(msgspec.Struct, frozen=True):
    """One step, fields as in Row. `ids` (lines, length): rows end to end; `segments`, of the
    same shape, tells which row a position belongs to, -1 for padding. `places` (n,) count
    through all lines, row by row; padded ones weigh 0. `recalled` (n,) is 1 where
    `states` (n, width) has the bare model's; without any such row the width is 0.
    `tokens`: how many ids are not padding."""

    ids: Array
    segments: Array
    places: Array
    targets: Array
    weights: Array
    recalled: Array
    states: Array
    tokens: int


def row(example: Example, *, recalled: bool = False, weight: float = 1.0) -> Row:
    """An example as the loss reads it, its weights times `weight`."""
    weights = np.array(example.weights[1:], np.float32)
    places = np.flatnonzero(weights).astype(np.int32)
    targets = np.array(example.ids[1:], np.int32)[places]
    ids = np.array(example.ids[:-1], np.int32)
    return Row(ids, places, targets, weight * weights[places], recalled)


def pack(rows: Sequence[Row]) -> Pack:
    """The rows in one; nothing of one is seen by another."""
    begins, length = _lines([len(each.ids) for each in rows])
    room = length * (1 + max(begins) // length)
    ids, segments = np.zeros(room, np.int32), np.full(room, -1, np.int32)
    for number, (each, begin) in enumerate(zip(rows, begins, strict=True)):
        ids[begin : begin + len(each.ids)] = each.ids
        segments[begin : begin + len(each.ids)] = number
    places = np.concatenate(
        [each.places + begin for each, begin in zip(rows, begins, strict=True)]
    ).astype(np.int32)
    more = _missing(len(places))
    recalled = np.concatenate([np.full(len(each.places), each.recalled) for each in rows])
    return Pack(
        ids=ids.reshape(-1, length),
        segments=segments.reshape(-1, length),
        places=np.pad(places, (0, more)),
        targets=np.pad(np.concatenate([each.targets for each in rows]), (0, more)),
        weights=np.pad(np.concatenate([each.weights for each in rows]), (0, more)),
        recalled=np.pad(recalled.astype(np.float32), (0, more)),
        states=_states(rows, more),
        tokens=sum(len(each.ids) for each in rows),
    )


def _lines(lengths: Sequence[int]) -> tuple[list[int], int]:
    """Where each row begins, counted through all lines, and how long the lines are: the
    longest row first, each in the first line with room for it."""
    length = max(lengths) + _missing(max(lengths))
    begins, full = [0] * len(lengths), list[int]()
    for number in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        fits = (i for i, used in enumerate(full) if used + lengths[number] <= length)
        line = next(fits, len(full))
        if line == len(full):
            full.append(0)
        begins[number] = line * length + full[line]
        full[line] += lengths[number]
    return begins, length


def _states(rows: Sequence[Row], more: int) -> Array:
    """Hidden states of all places, zeros where a row has none, and `more` of them."""
    width = max((each.states.shape[1] for each in rows if each.states is not None), default=0)
    return np.concatenate(
        [
            *(np.zeros((len(r.places), width)) if r.states is None else r.states for r in rows),
            np.zeros((more, width)),
        ],
        dtype=np.float32,
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
