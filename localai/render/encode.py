"""From a rendered prompt to ids and weights.

The prompt is cut at the control tokens that the template itself wrote; what lies between
is tokenized as plain text, so that the ids equal tokenizing the whole prompt with
special tokens on, unless somebody typed a control string. Pieces are remembered: a
conversation that grew by one turn costs one turn.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from localai.render.base import Tokenizer
from localai.render.controls import Controls, Marks

_SPACE = " \t\n\v\f\r"
_REMEMBERED = 4096
_SURELY_SPELT = re.compile(rb"[0-9A-Za-z ]")
"""Bytes that every vocabulary spells; some drop other bytes silently."""

Parts = tuple[tuple[str, bool], ...]
"""Neighbouring texts, each with whether it is weighted."""


@dataclass(frozen=True)
class Splice:
    """`[start, stop)` of the prompt is these ids, as they were sampled."""

    start: int
    stop: int
    ids: tuple[int, ...]


class Misaligned(Exception):
    """The tokens of a text do not spell it, so that weights cannot be placed."""


class Encoder:
    """Tokenizes prompts by one vocabulary."""

    def __init__(self, tokenizer: Tokenizer, controls: Controls) -> None:
        self._tokenizer = tokenizer
        self._controls = controls
        self._run = lru_cache(_REMEMBERED)(self._tokenize_run)
        self._strips = lru_cache(None)(self._probe_strips)

    def encode(
        self,
        prompt: str,
        marks: Marks,
        literals: Sequence[tuple[int, int]],
        weighted: Sequence[tuple[int, int]] = (),
        splices: Sequence[Splice] = (),
    ) -> tuple[list[int], list[float]]:
        """Ids and weights of `prompt`.

        `literals`: where the template's own text lies, the only places where control
        strings become tokens; `weighted`: what gets weight 1; `splices` lie outside of
        control strings; each in order, without overlap. Raises Misaligned.
        """
        ids: list[int] = []
        weights: list[float] = []
        written = _Intervals(weighted)
        at = 0
        strip_left = False
        for start, stop, own in [*self._fixed(prompt, literals, splices), (-1, -1, ())]:
            last = start < 0
            single = None if last or len(own) != 1 else own[0]
            to = len(prompt) if last else start
            left, right = self._strips(single) if single is not None else (False, False)
            self._append_run(ids, weights, _cut(prompt, at, to, written, strip_left, left), marks)
            if not last:
                ids.extend(own)
                weights.extend([float(written.hold(start, stop))] * len(own))
                at, strip_left = stop, right
        return ids, weights

    def _fixed(
        self, prompt: str, literals: Sequence[tuple[int, int]], splices: Sequence[Splice]
    ) -> list[tuple[int, int, tuple[int, ...]]]:
        control = self._tokenizer.control
        found = [(splice.start, splice.stop, splice.ids) for splice in splices]
        sampled = _Intervals([(splice.start, splice.stop) for splice in splices])
        for start, stop in literals:
            for a, b in self._controls.find(prompt, start, stop):
                if not any(sampled.touching(a, b)):
                    found.append((a, b, (control[prompt[a:b]],)))
        return sorted(found)

    def _append_run(self, ids: list[int], weights: list[float], parts: Parts, marks: Marks) -> None:
        halves: list[list[tuple[str, bool]]] = [[]]
        for text, weighted in parts:
            for number, half in enumerate(text.split(marks.hard)):
                if number:
                    halves.append([])
                plain = half.replace(marks.soft, "")
                if plain:
                    halves[-1].append((plain, weighted))
        for half_parts in halves:
            if half_parts:
                more_ids, more_weights = self._run(tuple(half_parts))
                ids.extend(more_ids)
                weights.extend(more_weights)

    def _tokenize_run(self, parts: Parts) -> tuple[tuple[int, ...], tuple[float, ...]]:
        ids = tuple(self._tokenizer.tokenize("".join(t for t, _ in parts), special=False))
        if len({weighted for _, weighted in parts}) == 1:
            return ids, (float(parts[0][1]),) * len(ids)
        try:
            return ids, self._align(ids, parts)
        except Misaligned:
            # SentencePiece reads its own sign for a space as one.
            return ids, self._align(ids, tuple((t.replace("▁", " "), w) for t, w in parts))

    def _align(self, ids: tuple[int, ...], parts: Parts) -> tuple[float, ...]:
        """Weight 1 for each token that holds at least one weighted byte."""
        flags = bytearray()
        text = b""
        for part, weighted in parts:
            raw = part.encode("utf-8", "replace")
            text += raw
            flags += bytes([weighted]) * len(raw)
        at = 0
        weights: list[float] = []
        for id_ in ids:
            piece = self._tokenizer.piece_bytes(id_)
            if not text.startswith(piece, at) and text.startswith(piece[1:], at):
                # SentencePiece puts a space before a text; it belongs to nobody.
                piece = piece[1:] if piece[:1] == b" " else piece
            found = text.find(piece, at)
            if found < 0 and self._tokenizer.is_control(id_):
                # The unknown token stands for one character.
                found, piece = at, _character(text, at)
            if found < 0 or _SURELY_SPELT.search(text, at, found):
                raise Misaligned
            at = found + len(piece)
            weights.append(float(any(flags[found:at])))
        if _SURELY_SPELT.search(text, at):
            raise Misaligned
        return tuple(weights)

    def _probe_strips(self, id_: int) -> tuple[bool, bool]:
        """Whether a control token swallows the white space before and after it."""
        text = self._tokenizer.piece(id_)
        if self._tokenizer.control.get(text) != id_:
            return False, False
        tokenize = self._tokenizer.tokenize
        whole = tokenize(f"a {text} a", special=True)
        plain = {side: tokenize(side, special=False) for side in ("a ", "a", " a")}
        for left, right in ((False, False), (False, True), (True, False), (True, True)):
            before, after = plain["a" if left else "a "], plain["a" if right else " a"]
            if whole == [*before, id_, *after]:
                return left, right
        return False, False


def _character(text: bytes, at: int) -> bytes:
    """The bytes of the UTF-8 character that begins at `at`."""
    stop = at + 1
    while stop < len(text) and text[stop] & 0xC0 == 0x80:
        stop += 1
    return text[at:stop]


class _Intervals:
    """Ordered intervals without overlap, asked for those that touch a range."""

    def __init__(self, intervals: Sequence[tuple[int, int]]) -> None:
        self._intervals = intervals
        self._stops = [stop for _, stop in intervals]

    def touching(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Those that share a position with `[start, stop)`."""
        for interval in islice(self._intervals, bisect_right(self._stops, start), None):
            if interval[0] >= stop:
                return
            yield interval

    def hold(self, start: int, stop: int) -> bool:
        """Whether one of them contains all of `[start, stop)`."""
        return any(a <= start and stop <= b for a, b in self.touching(start, stop))


def _cut(
    prompt: str,
    start: int,
    stop: int,
    written: _Intervals,
    strip_left: bool,
    strip_right: bool,
) -> Parts:
    """`prompt[start:stop]` in parts of one weight, without white space that is swallowed."""
    while strip_left and start < stop and prompt[start] in _SPACE:
        start += 1
    while strip_right and start < stop and prompt[stop - 1] in _SPACE:
        stop -= 1
    parts: list[tuple[str, bool]] = []
    at = start
    for a, b in written.touching(start, stop):
        parts.append((prompt[at : max(at, a)], False))
        parts.append((prompt[max(at, a) : min(b, stop)], True))
        at = min(b, stop)
    parts.append((prompt[at:stop], False))
    return tuple(part for part in parts if part[0])
