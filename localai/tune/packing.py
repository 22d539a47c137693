"""Examples put end to end, so that a step computes hardly any padding.

Pure: numpy only. Attention keeps the examples apart (block-diagonal); positions need no
reset, since rotary attention depends on distances alone. A beginning that several rows have
(`sharing`) is there once, and what follows it in each of them goes on from there.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from localai.lessons.maker import Example

MOST_REPLAY = 0.9
"""No larger share of a step is replay, so that what is new is in it, too."""

HEADS = 3
"""A step that begins with shared heads reads at least so many times as much besides."""

ROUND = 32
"""Lengths are rounded up to multiples of this, so that few shapes have to be compiled."""

Array = np.ndarray[Any, Any]


class Row(msgspec.Struct, frozen=True):
    """An example as the loss reads it. `ids` (length,): all tokens but the last. `places`
    (n,): positions whose next token counts; `targets` and `weights` (n,): that token, and
    what it counts. `recalled`: not that token alone is wanted, but the bare model's whole
    distribution, given by `states` (n, width), its last hidden states at the places, once
    they have been read. `head`: so many of its first ids, none of them a place, are to be
    computed once for all rows of a step that begin with them."""

    ids: Array
    places: Array
    targets: Array
    weights: Array
    recalled: bool = False
    states: Array | None = None
    head: int = 0

    @property
    def beginning(self) -> bytes:
        """What tells rows of the same head; empty for none."""
        return self.ids[: self.head].tobytes()


class Pack(msgspec.Struct, frozen=True):
    """One step, fields as in Row. `ids` (length,): rows end to end; `segments` (length,)
    tells which row a position belongs to, -1 for padding, and numbers above the rows' for heads
    that several share; `after` (length,): the head that it goes on from, -1 for none. `places`
    and `weights` (n + m,): n positions whose next tokens are `targets` (n,), then m that are
    recalled, where the bare model has `states` (m, width); padded ones weigh 0. `tokens`: how
    many ids are not padding."""

    ids: Array
    segments: Array
    after: Array
    places: Array
    targets: Array
    weights: Array
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
    rows = sorted(rows, key=lambda row: row.recalled)
    parts, begins = _laid(rows)
    lengths = [len(ids) for ids, _, _ in parts]
    placed = [row.places + begin for row, begin in zip(rows, begins, strict=True)]
    new = sum(not row.recalled for row in rows)
    both = slice(None, new), slice(new, None)
    ids = _joined([ids for ids, _, _ in parts])
    padding = (0, len(ids) - sum(lengths))
    segments, after = (
        np.pad(np.repeat(np.array(of, np.int32), lengths), padding, constant_values=-1)
        for of in ([part[1] for part in parts], [part[2] for part in parts])
    )
    return Pack(
        ids=ids,
        segments=segments,
        after=after,
        places=np.concatenate([_joined(placed[part]) for part in both]).astype(np.int32),
        targets=_joined([row.targets for row in rows[:new]]).astype(np.int32),
        weights=np.concatenate([_joined([r.weights for r in rows[part]]) for part in both]),
        states=_joined([row.states for row in rows if row.states is not None]),
        tokens=sum(lengths),
    )


def layout(pack: Pack) -> Array:
    """What attention goes by: the segments (length,), and where heads are shared with what each
    goes on from (2, length)."""
    shared = bool((pack.after >= 0).any())
    return np.stack((pack.segments, pack.after)) if shared else pack.segments


def _laid(rows: Sequence[Row]) -> tuple[list[tuple[Array, int, int]], list[int]]:
    """What is put end to end, as ids, segment and the segment that it goes on from; and where
    each row would begin if its head were just before the rest of it."""
    sharing = Counter(row.beginning for row in rows if row.head)
    parts, begins, heads, at = list[tuple[Array, int, int]](), list[int](), dict[bytes, int](), 0
    for number, row in enumerate(rows):
        head, after = (row.head, -1) if sharing[row.beginning] > 1 else (0, -1)
        if head:
            new = row.beginning not in heads
            after = heads.setdefault(row.beginning, len(rows) + len(heads))
            if new:
                parts.append((row.ids[:head], after, -1))
                at += head
        begins.append(at - head)
        parts.append((row.ids[head:], number, after))
        at += len(row.ids) - head
    return parts, begins


def computed(rows: Sequence[Row]) -> int:
    """Tokens of the rows in one pack: a head that several have counts once."""
    heads = {row.beginning: row.head for row in rows if row.head}
    return sum(len(row.ids) - row.head for row in rows) + sum(heads.values())


def unpadded(pack: Pack) -> Pack:
    """The pack without its padding, which nobody needs where nothing is compiled."""
    counted, n = pack.weights != 0, len(pack.targets)
    return Pack(
        ids=pack.ids[: pack.tokens],
        segments=pack.segments[: pack.tokens],
        after=pack.after[: pack.tokens],
        places=pack.places[counted],
        targets=pack.targets[counted[:n]],
        weights=pack.weights[counted],
        states=pack.states[counted[n:]],
        tokens=pack.tokens,
    )


def _joined(arrays: Sequence[Array]) -> Array:
    """End to end, with zeros after them; nothing for no arrays."""
    if not arrays:
        return np.zeros(0, np.float32)
    found = np.concatenate(arrays)
    return np.pad(found, ((0, _missing(len(found))), *[(0, 0)] * (found.ndim - 1)))


def steps(
    own: Sequence[Row],
    replay: Sequence[Row],
    *,
    tokens: int,
    share: float,
    random: np.random.Generator,
    epochs: int = 1,
) -> Iterator[list[Row]]:
    """Every example of `own` once in each epoch, about `tokens` in a step besides heads, of which
    `share` are drawn from `replay` in turn (none when it is empty)."""
    others = _for_ever(replay, random)
    heads = {row.beginning: row.head for row in own}
    room = max(tokens * (1 - share) if replay else tokens, HEADS * sum(heads.values()))
    for _ in range(epochs):
        order = [own[i] for i in random.permutation(len(own))]
        while order:
            step = _take(order, room)
            if replay:
                left = share / (1 - share) * rest(step)
                while left >= 1:
                    step.append(next(others))
                    left -= _rest(step[-1])
            yield step


def replay_share(new: int, again: int, *, least: float) -> float:
    """The share of a step that is replay, of which there are `again` tokens: `least`, and where so
    few are `new` that it would not come round once, as much as it takes for that."""
    return max(least, min(MOST_REPLAY, again / max(1, new + again)))


def divided(rows: Sequence[Row], pieces: int) -> list[Sequence[Row]]:
    """The rows in up to so many pieces of about as many tokens; none for no rows."""
    if not rows:
        return []
    ends = np.cumsum([len(row.ids) for row in rows])
    cuts = np.searchsorted(ends, ends[-1] * np.arange(1, pieces) / pieces) + 1
    bounds = [0, *cuts.tolist(), len(rows)]
    parts = (rows[at:to] for at, to in itertools.pairwise(bounds))
    return [part for part in parts if part]


def dealt(rows: Sequence[Row], hands: int) -> list[list[Row]]:
    """All rows in so many hands of about as many tokens, some perhaps empty: the longest first,
    each to whom has least (Graham 1969, "Bounds on multiprocessing timing anomalies")."""
    found: list[list[Row]] = [[] for _ in range(hands)]
    held = [0] * hands
    for row in sorted(rows, key=lambda row: len(row.ids), reverse=True):
        least = held.index(min(held))
        found[least].append(row)
        held[least] += len(row.ids)
    return found


def _take(order: list[Row], room: float) -> list[Row]:
    """Examples off the end of `order` while there is room; at least one."""
    taken = [order.pop()]
    room -= _rest(taken[0])
    while order and _rest(order[-1]) <= room:
        taken.append(order.pop())
        room -= _rest(taken[-1])
    return taken


def rest(rows: Sequence[Row]) -> int:
    """Tokens of the rows, each without its head."""
    return sum(map(_rest, rows))


def _rest(row: Row) -> int:
    """Tokens of a row after its head."""
    return len(row.ids) - row.head


def _for_ever(examples: Sequence[Row], random: np.random.Generator) -> Iterator[Row]:
    while True:
        for i in random.permutation(len(examples)):
            yield examples[i]


def _missing(length: int) -> int:
    """How far it is to the next multiple of ROUND; never 0 from 0."""
    return -length % ROUND or (0 if length else ROUND)
