"""What is written around a message: notes, folds, errors, the small print.

The wording of the transcript is here; its looks are in painter.
"""

from __future__ import annotations

from localai.sanitize import clean
from localai.store.rows import StoredMessage
from tui.markdown.line import Line
from tui.transcript.calls import NOT_RUN, RUNNING, WAITING, paint_call
from tui.transcript.item import Item
from tui.transcript.painter import Painter

CURSOR = "▍"
EDIT = "edit"
"""What the mouse clicks to correct an answer."""


def paint(item: Item, painter: Painter, *, small: bool = True) -> list[Line]:
    """All lines of an item, one blank line at its end. Without `small` print, which would tell
    who gave an answer."""
    lines: list[Line] = []
    if item.note:
        lines += [*painter.note(item.note, painter.palette.warning), painter.blank()]
    if item.is_answer:
        lines += _answer(item, painter, small=small)
    else:
        lines += painter.user(clean(item.row.message.text))
        if place := which_of_several(item.row):
            lines += painter.small_print("", place, "", "")
    lines.append(painter.blank())
    if item.problem:
        sentence = f"✗ {clean(item.problem)} Press Ctrl+R to restart."
        lines += [*painter.note(sentence, painter.palette.error), painter.blank()]
    return lines


def _answer(item: Item, painter: Painter, *, small: bool) -> list[Line]:
    lines: list[Line] = []
    if item.reasoning.strip():
        lines += painter.fold(reasoning_label(item), item.reasoning if item.unfolded else None)
    text = painter.markdown(item.document)
    if lines and text:
        lines.append(painter.blank())
    lines += text
    for number, call in enumerate(item.calls):
        if lines and not number:
            lines.append(painter.blank())
        lines += paint_call(
            call,
            item.results.get(call.id),
            painter,
            state=RUNNING if call.id in item.running else WAITING if item.waiting else NOT_RUN,
            unfolded=item.unfolded,
        )
    if item.growth is not None:
        state = f"{CURSOR} {item.growth.state}".rstrip()
        return [*lines, *painter.note(state, painter.palette.muted)]
    ending = _ending(item, painter, empty=not lines, small=small)
    return [*lines, painter.blank(), *ending] if lines and ending else [*lines, *ending]


def _ending(item: Item, painter: Painter, *, empty: bool, small: bool) -> list[Line]:
    row = item.row
    lines: list[Line] = []
    sentence = outcome(row, empty=empty)
    if sentence:
        style = painter.palette.error if row.status == "failed" else painter.palette.warning
        lines += painter.note(sentence, style)
    if not small:
        return lines
    if item.calls:  # the answer follows; here only which of several ways to it this is
        said, place = " · ".join(_verdict(item)), which_of_several(row)
        return [*lines, *(painter.small_print(said, place, "", "") if said or place else ())]
    link = "" if row.status == "streaming" else EDIT
    return [*lines, *painter.small_print(*small_print(item), link, "screen.correct")]


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
        return f"✗ {clean(row.error) or 'This answer failed.'} Press Ctrl+R to restart."
    if row.status == "cancelled":
        return "Stopped. Press Ctrl+R to answer again."
    if row.status == "interrupted":
        return "Interrupted; this is what had arrived. Press Ctrl+R to answer again."
    if row.status == "streaming":
        return "Another localai is writing this answer."
    if reason == "length":
        return "Cut off: the answer reached its limit or the context window is full."
    return "The model said nothing." if empty else ""


STYLES = {"steps": "stepwise", "brief": "asked to be brief", "plain": "without tools"}
VERDICTS = {"corrected": "corrected by you", "good": "marked good", "bad": "marked bad"}


def small_print(item: Item) -> tuple[str, str]:
    """Who answered, tokens and speed at the left; which of several answers at the right."""
    row = item.row
    parts = _verdict(item)
    if row.origin:
        parts.append(clean(row.origin.model))
        if item.adapter:
            parts.append(clean(item.adapter))
        if row.origin.style in STYLES:
            parts.append(STYLES[row.origin.style])
    if row.completion and row.completion.generated_tokens:
        parts.append(f"{row.completion.generated_tokens:,} tokens")
        if row.completion.tokens_per_second:
            parts.append(f"{row.completion.tokens_per_second:.0f}/s")
    return " · ".join(parts), which_of_several(row)


def _verdict(item: Item) -> list[str]:
    """What the user said of it, and how that is undone."""
    return [VERDICTS[item.verdict], "u undoes it"] if item.verdict else []


def which_of_several(row: StoredMessage) -> str:
    """The place of an answer among its alternatives; "" when it is the only one."""
    if len(row.siblings) < 2 or row.id not in row.siblings:
        return ""
    return f"◂ {row.siblings.index(row.id) + 1}/{len(row.siblings)} ▸"
