"""Answers in another style: briefer ones, and stepwise ones from models that have no reasoning
format of their own.

For those the question gets an instruction to reason first and to end with a line that starts
with "Answer:"; what comes before that line is reasoning. Models that think by their own
template do not need this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from localai.conversation import DeltaKind, Message, Part, Reasoning, Text

MARK = "Answer:"
STEPS = (
    "Work through this step by step, one short step on each line. "
    f'Then write a last line that begins with "{MARK}" and gives the final answer only.'
)

BRIEF = "Answer as briefly as you can: only what was asked, without an introduction."

DECORATION = " *#"
"""Markdown that models put around the word."""

Piece = tuple[DeltaKind, str]


def instructed(messages: Sequence[Message], instruction: str) -> list[Message]:
    """The messages with an instruction appended to the last question; what is stored stays
    as typed."""
    last = max(i for i, message in enumerate(messages) if message.role == "user")
    question = Message("user", (Text(f"{messages[last].text}\n\n{instruction}"),))
    return [*messages[:last], question, *messages[last + 1 :]]


class StepsSplitter:
    """Splits a stream at the first line that begins with "Answer:".

    Feed it text in any pieces: what it returns, joined by kind, does not depend on the
    split. Emphasis around the word (`**Answer:**`) is accepted and left out.
    """

    def __init__(self) -> None:
        self._held = ""
        self._where: Literal["line start", "line", "before answer", "answer"] = "line start"

    def feed(self, text: str) -> list[Piece]:
        """What can be told apart so far, in order."""
        out: dict[DeltaKind, str] = {"reasoning": "", "text": ""}
        for char in text:
            if self._where == "line start":
                out["reasoning"] += self._line_start(char)
            elif self._where == "line":
                out["reasoning"] += char
                self._where = "line start" if char == "\n" else "line"
            elif self._where == "answer" or char not in DECORATION:
                out["text"] += char
                self._where = "answer"
        return [(kind, piece) for kind, piece in out.items() if piece]

    def end(self) -> list[Piece]:
        """What was held back when the stream ended."""
        held, self._held = self._held, ""
        return [("reasoning", held)] if held else []

    def _line_start(self, char: str) -> str:
        """Hold the line's first characters while they may still become the mark."""
        self._held += char
        bare = self._held.lstrip(DECORATION)
        if bare == MARK:
            self._held, self._where = "", "before answer"
            return ""
        if MARK.startswith(bare):
            return ""
        held, self._held = self._held, ""
        self._where = "line start" if char == "\n" else "line"
        return held


def split(text: str) -> tuple[Part, ...]:
    """Message parts of a whole stepwise answer."""
    splitter = StepsSplitter()
    return parts((*splitter.feed(text), *splitter.end()))


def parts(pieces: Iterable[Piece]) -> tuple[Part, ...]:
    """Message parts of a stepwise answer; one that never came to its answer is all text."""
    steps, answer = "", ""
    for kind, piece in pieces:
        steps, answer = (steps + piece, answer) if kind == "reasoning" else (steps, answer + piece)
    if not answer.strip():
        return (Text(steps),) if steps else ()
    return (Reasoning(steps.strip()), Text(answer)) if steps.strip() else (Text(answer),)
