"""Examples as styled text: their line in the list, the texts in full. Pure; texts are cleaned."""

from __future__ import annotations

import json
from collections.abc import Mapping

from textual.content import Content

from localai.conversation import Message, system
from localai.lessons.words import source
from localai.sanitize import clean, one_line
from localai.store.tuning import ExampleState, StoredExample
from tui.learning.words import when
from tui.review.diff import compared
from tui.review.values import STATES, Filter, Sheet

Counts = Mapping[tuple[str, ExampleState], int]
"""How many examples there are by data set and state."""

FAINT = "$foreground 60%"
MARKS: dict[ExampleState, tuple[str, str]] = {
    "pending": ("○", "$accent"),
    "accepted": ("✓", "$success"),
    "rejected": ("✗", "$error"),
}
NO_QUESTION = "(no question)"
OWN, ANY = "your own", "all data sets"
NOTHING = {
    "pending": "Nothing is pending.",
    "accepted": "Nothing is accepted.",
    "rejected": "Nothing is rejected.",
    None: "There are no examples yet.",
}
WAYS = (
    "e on an answer corrects it, n here writes an example from scratch, "
    "f and s show other examples."
)
SOURCE = 22
"""Cells of a source beside its question."""


def row(example: StoredExample, width: int, *, tall: bool) -> Content:
    """State, question and source on one line, or on two with the time when it is `tall`."""
    mark, colour = MARKS[example.state]
    head = Content.styled(f"{mark} ", colour)
    question = Content(one_line(example.question) or NO_QUESTION)
    label = source(example)
    if tall:
        about = Content.styled(f"  {label} · {when(example.created)}", FAINT)
        return Content.assemble(
            head,
            question.truncate(max(1, width - 2), ellipsis=True),
            "\n",
            about.truncate(max(1, width), ellipsis=True),
        )
    room = max(1, width - 4 - SOURCE)
    return Content.assemble(
        head,
        question.truncate(room, ellipsis=True, pad=True),
        "  ",
        Content.styled(label, FAINT).truncate(SOURCE, ellipsis=True),
    )


def set_name(name: str | None) -> str:
    """What a data set is called."""
    return ANY if name is None else one_line(name) or OWN


def headline(shown: Filter, counts: Counts, width: int) -> Content:
    """The screen's name and what is listed at the left, how many there are at the right."""
    state = shown.state or "all"
    title = Content.styled("Review", "bold $primary")
    left = Content.assemble(title, Content.styled(f"  {state} · {set_name(shown.name)}", FAINT))
    numbers = [(each, count(each, shown, counts)) for each in STATES if each]
    right = Content("   ").join(
        Content.assemble(Content.styled(*MARKS[each]), f" {number:,} {each}")
        for each, number in numbers
    )
    room = width - right.cell_length - 2
    if room < left.cell_length:
        left = left.truncate(max(title.cell_length, room), ellipsis=True)
    gap = max(2, width - left.cell_length - right.cell_length)
    return Content.assemble(left, " " * gap, right)


def count(state: ExampleState, shown: Filter, counts: Counts) -> int:
    """How many examples of the data set that is shown are in a state."""
    return sum(
        number
        for (name, found), number in counts.items()
        if found == state and shown.name in (None, name)
    )


def nothing(shown: Filter) -> Content:
    """What there is to do when nothing is listed."""
    return Content.assemble(NOTHING[shown.state], "\n", Content.styled(WAYS, FAINT))


def about(example: StoredExample) -> Content:
    """State, source and time."""
    mark, colour = MARKS[example.state]
    rest = f" · {source(example)} · {when(example.created)}"
    return Content.assemble(
        Content.styled(f"{mark} {example.state}", colour), Content.styled(rest, FAINT)
    )


def texts(sheet: Sheet) -> Content:
    """What is said in an example; for a correction, what became of the answer."""
    *before, answer = sheet.turns
    head = [system(sheet.system)] if sheet.system else []
    parts = [_turn(message) for message in (*head, *before)]
    if sheet.rejected:
        change = compared(clean(sheet.rejected), _said(answer))
        parts.append(Content.assemble(Content.styled("assistant, corrected\n", FAINT), change))
    else:
        parts.append(_turn(answer))
    return Content("\n\n").join(parts)


def ways(sheet: Sheet, most: int) -> Content:
    """The words that the question is learned in, by templates and by the model, up to so many of
    these; then those that are not, where they were dropped struck through."""
    kept, dropped = sheet.rewrites.kept, sheet.rewrites.dropped
    own = [rewrite(text, dropped=False) for text in kept[:most]]
    rest = [rewrite(text, dropped=False) for text in kept[most:]]
    if rest:
        rest.insert(0, Content.styled(f"not learned: tune.rewrites is {most}", FAINT))
    own += [*rest, *(rewrite(text, dropped=True) for text in dropped)]
    head = [Content.styled("in the model's words (d drops, takes back)", FAINT)] if own else []
    return Content("\n").join([*(Content(one_line(text)) for text in sheet.ways), *head, *own])


def rewrite(text: str, *, dropped: bool) -> Content:
    """One way to ask in the model's words."""
    plain = one_line(text)
    return Content.styled(plain, f"strike {FAINT}") if dropped else Content(plain)


def _turn(message: Message) -> Content:
    parts = [Content.styled(message.role, FAINT)]
    if message.reasoning.strip():
        parts.append(Content.styled(clean(message.reasoning).strip(), f"italic {FAINT}"))
    parts.append(Content(_said(message)))
    return Content("\n").join(parts)


def _said(message: Message) -> str:
    """Text, calls and results, one below the other."""
    calls = [
        f"{call.name} {json.dumps(call.arguments, ensure_ascii=False)}" for call in message.calls
    ]
    said = [message.text, *calls, *(result.text for result in message.results)]
    return clean("\n".join(each.strip() for each in said if each.strip()))
