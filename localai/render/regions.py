"""What in a prompt the assistant wrote: the text that gets weight, and sampled ids to reuse.

An assistant turn's region runs from the first thing the assistant wrote through its
end-of-turn marker. The marker that opens reasoning and the markup around tool calls
belong to it, since the model must write them; what a template puts there by itself (an
empty reasoning block, the opening of the turn) does not. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from localai.render.controls import Controls, Marks
from localai.render.layout import Span
from localai.render.markup import Markup

_WRITTEN = ("text", "reasoning", "call")


@dataclass(frozen=True)
class Region:
    """`[start, stop)` was written by the assistant in message `turn`; its end-of-turn
    marker begins at `end`. `first` is where its first content begins, `floor` where the
    content before it ends. `certain` is False where the end of a tool call is unknown."""

    turn: int
    floor: int
    start: int
    first: int
    end: int
    stop: int
    certain: bool


class Regions:
    """Finds the regions of assistant turns by a template's markup."""

    def __init__(self, markup: Markup, controls: Controls, end_texts: frozenset[str]) -> None:
        self._markup = markup
        self._controls = controls
        self._end_texts = end_texts

    def find(self, prompt: str, spans: Sequence[Span]) -> list[Region]:
        """The regions of `prompt`, in order; `spans` are all contents in it."""
        found: list[Region] = []
        groups = [
            list(group)
            for _, group in groupby(spans, lambda span: (span.turn, span.kind in _WRITTEN))
        ]
        for number, group in enumerate(groups):
            if group[0].kind not in _WRITTEN:
                continue
            floor = groups[number - 1][-1].stop if number else 0
            after = groups[number + 1][0].start if number + 1 < len(groups) else len(prompt)
            found.append(self._region(prompt, floor, group, after))
        return found

    def _region(self, prompt: str, floor: int, group: list[Span], after: int) -> Region:
        first, last = group[0], group[-1]
        start = first.start
        if first.kind != "text" or (not _length(group[:1]) and len(group) > 1):
            start = self._opened(prompt, floor, group)
        calls = any(span.kind == "call" for span in group)
        end, stop = self._ended(prompt, last.stop, after, calls)
        certain = stop > last.stop or not calls or after == last.stop
        return Region(first.turn, floor, start, first.start, end, stop, certain)

    def _opened(self, prompt: str, floor: int, group: list[Span]) -> int:
        """Where a turn begins that opens with reasoning or a tool call: after the header
        and after any reasoning that the template opened or closed by itself."""
        kind = next((span.kind for span in group if span.start < span.stop), group[0].kind)
        target = next((span.start for span in group if span.start < span.stop), group[0].start)
        before = prompt[floor:target]
        thinking = self._markup.thinking
        header = self._markup.header.strip()
        at = before.rfind(header) if header else -1
        start = at + len(header) if at >= 0 else self._after_first_control(before)
        if thinking and kind == "reasoning":
            if thinking.open in self._markup.opening:
                return target
            opened = before.rfind(thinking.open)
            start = opened if opened >= 0 else start
        elif thinking and thinking.close in before[start:]:
            start = before.rindex(thinking.close) + len(thinking.close)
        while start < len(before) and before[start].isspace():
            start += 1
        return floor + start

    def _after_first_control(self, before: str) -> int:
        places = self._controls.find(before)
        return places[0][1] if places else len(before)

    def _ended(self, prompt: str, last: int, after: int, calls: bool) -> tuple[int, int]:
        """Where the end-of-turn marker begins and stops; both at `last` without one."""
        for end in self._markup.ends:
            if prompt.startswith(end, last) and last + len(end) <= after:
                return last, last + len(end)
        if not calls:
            return last, last
        for end in self._markup.ends:
            at = prompt.find(end.strip(), last, after)
            if at >= 0:
                return at, at + len(end.strip())
        for start, stop in self._controls.find(prompt, last, after):
            if prompt[start:stop] in self._end_texts:
                return start, stop
        return last, last


def sampled_at(prompt: str, region: Region, text: str, marks: Marks) -> int | None:
    """Where in the prompt `text`, the decoded sampled ids, begins: it must be exactly
    what stands before the end marker and hold all that the assistant wrote."""
    written = prompt[region.first : region.end]
    for mark in marks:
        written = written.replace(mark, "")
    start = region.first - (len(text) - len(written))
    if not region.floor <= start <= region.first:
        return None
    return start if prompt[start : region.first] + written == text else None


def _length(spans: Sequence[Span]) -> int:
    return sum(span.stop - span.start for span in spans)
