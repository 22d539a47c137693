"""What is written around a message: notes, folds, errors, the small print.

The wording of the transcript is here; its looks are in painter.
"""

from __future__ import annotations

from textual.strip import Strip

from localai.sanitize import clean
from localai.store.rows import StoredMessage
from tui.transcript.item import Item
from tui.transcript.painter import Painter

CURSOR = "▍"


def paint(item: Item, painter: Painter) -> list[Strip]:
    """All lines of an item, one blank line at its end."""
    strips: list[Strip] = []
    if item.note:
        strips += [*painter.note(item.note, painter.palette.warning), painter.blank()]
    body = _answer(item, painter) if item.is_answer else painter.user(clean(item.row.message.text))
    strips += [*body, painter.blank()]
    if item.problem:
        sentence = f"✗ {clean(item.problem)} Press r to restart."
        strips += [*painter.note(sentence, painter.palette.error), painter.blank()]
    return strips


def _answer(item: Item, painter: Painter) -> list[Strip]:
    strips: list[Strip] = []
    if item.reasoning.strip():
        strips += painter.fold(reasoning_label(item), item.reasoning if item.unfolded else None)
    text = painter.markdown(item.document)
    if strips and text:
        strips.append(painter.blank())
    strips += text
    if item.growth is not None:
        state = f"{CURSOR} {item.growth.state}".rstrip()
        return [*strips, *painter.note(state, painter.palette.muted)]
    return [*strips, *_ending(item.row, painter, empty=not strips)]


def _ending(row: StoredMessage, painter: Painter, *, empty: bool) -> list[Strip]:
    strips: list[Strip] = []
    sentence = outcome(row, empty=empty)
    if sentence:
        style = painter.palette.error if row.status == "failed" else painter.palette.warning
        strips += painter.note(sentence, style)
    left, right = small_print(row)
    if left or right:
        strips += painter.small_print(left, right)
    return strips


def reasoning_label(item: Item) -> str:
    """The line that stands for folded reasoning, with its token count."""
    name = "Steps" if item.row.origin and item.row.origin.style == "steps" else "Reasoning"
    if item.growth is not None:
        count = item.growth.reasoning_tokens
    else:
        count = item.row.completion.reasoning_tokens if item.row.completion else 0
    return f"{name} · {count:,} tokens" if count else name


def outcome(row: StoredMessage, *, empty: bool) -> str:
    """A sentence on how an answer ended, when it did not end by itself."""
    reason = row.completion.finish_reason if row.completion else ""
    if row.status == "failed":
        return f"✗ {clean(row.error) or 'This answer failed.'} Press r to restart."
    if row.status == "cancelled":
        return "Stopped. Press r to answer again."
    if row.status == "interrupted":
        return "Interrupted; this is what had arrived. Press r to answer again."
    if row.status == "streaming":
        return "Another localai is writing this answer."
    if reason == "length":
        return "Cut off: the answer reached its limit or the context window is full."
    return "The model said nothing." if empty else ""


def small_print(row: StoredMessage) -> tuple[str, str]:
    """Model, tokens and speed at the left; which of several answers at the right."""
    parts = []
    if row.origin:
        parts.append(clean(row.origin.model))
        if row.origin.adapter:
            parts.append(clean(row.origin.adapter))
        if row.origin.style == "steps":
            parts.append("stepwise")
    if row.completion and row.completion.generated_tokens:
        parts.append(f"{row.completion.generated_tokens:,} tokens")
        if row.completion.tokens_per_second:
            parts.append(f"{row.completion.tokens_per_second:.0f}/s")
    right = ""
    if len(row.siblings) > 1 and row.id in row.siblings:
        right = f"◂ {row.siblings.index(row.id) + 1}/{len(row.siblings)} ▸"
    return " · ".join(parts), right
