"""Where a query's words are in a text: how well it matches, and the stretch to show.

FTS5's own `snippet` takes minutes in a text with very many matches, and its `bm25` goes
through every message that has a word; this reads each text once, up to a limit. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from localai.store.match import Folds
from localai.store.query import Phrase

MOST_MARKS = 1_000
BEFORE, LENGTH = 40, 160
"""Characters shown before the first match, and in all."""

# Okapi BM25 (Robertson and Zaragoza 2009, section 3.2) without the weights of the words: a
# search wants all of them, so they are the same in each text.
K1, B = 1.2, 0.75


class Span(NamedTuple):
    """A match: where it is, and the number of the phrase that matched."""

    start: int
    end: int
    phrase: int


class Finder:
    """Finds the phrases of one query, as FTS5 tells words apart or nearly."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self._folds = Folds()
        self._patterns = [self._pattern(phrase) for phrase in phrases]

    def _pattern(self, phrase: Phrase) -> re.Pattern[str]:
        first, *others = re.findall(r"[^\W_]+", self.fold(phrase.text)) or [""]
        if not first:
            return re.compile("(?!)")  # signs alone, which match nowhere
        # That nothing comes before it is asked after the word: a pattern that begins with
        # plain letters is looked for ten times as fast.
        words = [rf"{first}(?<![^\W_]{first})", *others]
        end = r"[^\W_]*" if phrase.begun else r"(?![^\W_])"
        return re.compile(r"[\W_]+".join(words) + end)

    def fold(self, text: str) -> str:
        """In small letters without accents, character by character."""
        return text.lower() if text.isascii() else text.translate(self._folds)

    def spans(self, text: str) -> list[Span]:
        """The matches in a composed text (NFC), in order, at most MOST_MARKS of a phrase."""
        if not self._patterns:
            return []
        folded = self.fold(text)
        found = [
            Span(match.start(), match.end(), number)
            for number, pattern in enumerate(self._patterns)
            for match in islice(pattern.finditer(folded), MOST_MARKS)
        ]
        return sorted(found) if len(self._patterns) > 1 else found

    def score(self, spans: Sequence[Span], length: int, usual: float) -> float:
        """How well a text of `length` characters matches, where `usual` is their average."""
        counts = [0] * len(self._patterns)
        for span in spans:
            counts[span.phrase] += 1
        norm = K1 * (1 - B + B * length / usual)
        return sum(count * (K1 + 1) / (count + norm) for count in counts)


def composed(text: str) -> str:
    """The text with each accent on its letter (NFC), so that a match is one stretch."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def pieces(text: str, spans: Sequence[Span]) -> tuple[tuple[str, bool], ...]:
    """The stretch with the most of the phrases: (text, True where one is)."""
    first = _best(spans)
    start, end = _stretch(text, first)
    found: list[tuple[str, bool]] = []
    at, lead = start, "…" if start else ""
    for span in spans:
        if max(start, at) <= span.start and span.end <= end:
            before = lead + text[at : span.start]
            found += [(before, False), (text[span.start : span.end], True)]
            at, lead = span.end, ""
    found.append((lead + text[at:end] + ("…" if end < len(text) else ""), False))
    return tuple((piece, hit) for piece, hit in found if piece)


def _best(spans: Sequence[Span]) -> Span | None:
    """The match from which on the most phrases stand close together; the earliest of them."""
    best, most = None, 0
    right = 0
    counts: dict[int, int] = {}
    for left, span in enumerate(spans):
        if left:
            counts[spans[left - 1].phrase] -= 1
        while right < len(spans) and spans[right].end <= span.start + LENGTH - BEFORE:
            counts[spans[right].phrase] = counts.get(spans[right].phrase, 0) + 1
            right += 1
        distinct = sum(count > 0 for count in counts.values())
        if best is None or distinct > most:
            best, most = span, distinct
    return best


def _stretch(text: str, first: Span | None) -> tuple[int, int]:
    """From where to where to show a text, whole words if they are not too long."""
    at = first.start if first else 0
    start = max(0, at - BEFORE)
    if start:
        blank = re.search(r"\s", text[start:at])
        start += blank.end() if blank else 0
    end = min(len(text), max(start + LENGTH, first.end if first else 0))
    if end < len(text):
        cut = max(text.rfind(" ", start, end), text.rfind("\n", start, end))
        if cut >= (first.end if first else 1):
            end = cut
    return start, end
