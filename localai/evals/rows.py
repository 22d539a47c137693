"""One line of a file of questions, read: every mistake is a sentence about it.

Which lines a file has, and where they stand, is `tasks.user_file`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from localai.conversation import Message, system
from localai.evals.matching import problem
from localai.evals.task import Example
from localai.port import turns
from localai.port.values import Unreadable

NO_TOOL = ("", "none")
"""What stands for no tool in `tool`."""

Value = str | int | float


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The fields there are; the user's guide says what each is for."""

    question: str = ""
    id: str | int = ""
    kind: str = ""
    level: int = 0
    system: str = ""
    messages: list[dict[str, Any]] = []
    answer: Value | None = None
    answers: list[Value] = []
    answer_regex: str = ""
    unanswerable: bool = False
    tool: str | None = None
    arguments: dict[str, Any] = {}


FIELDS = Row.__struct_fields__

_WANTED = {
    "question": "a text",
    "id": "a text",
    "kind": "a text",
    "level": "a whole number",
    "system": "a text",
    "messages": "a list of objects with role and content",
    "answer": "a text or a number",
    "answers": "a list of texts or numbers",
    "answer_regex": "a text",
    "unanswerable": "true or false",
    "tool": "the name of a tool",
    "arguments": "an object",
}
_PLACE = re.compile(r"\$\.(\w+)")


class Mistake(Exception):
    """What is wrong with a line."""


def example(given: Mapping[str, Any], id: str) -> Example:
    """The question of a line, called `id` unless it has an id of its own. Raises Mistake."""
    row = _row(given)
    told = _answers(row)
    _check(row, told)
    context, question = _talk(row)
    return Example(
        id=str(row.id) or id,
        question=question,
        kind=row.kind,
        level=row.level,
        context=context,
        answers=told,
        pattern=row.answer_regex,
        unanswerable=row.unanswerable,
        tool="" if row.tool in NO_TOOL else row.tool,
        arguments=row.arguments,
    )


def _row(given: Mapping[str, Any]) -> Row:
    if unknown := [name for name in given if name not in FIELDS]:
        raise Mistake(f"there is no field {unknown[0]!r}; there are: {', '.join(FIELDS)}")
    present = {name: value for name, value in given.items() if value is not None}
    try:
        return msgspec.convert(present, Row)
    except msgspec.ValidationError as error:
        found = _PLACE.search(str(error))
        name = found[1] if found else "question"
        raise Mistake(f"{name} must be {_WANTED[name]}") from error


def _answers(row: Row) -> tuple[str, ...]:
    """All that are right. Raises Mistake for one that no words could be compared with."""
    every = (*(() if row.answer is None else (row.answer,)), *row.answers)
    told = tuple(str(each).strip() for each in every)
    for each in told:
        if not re.search(r"\w", each):
            raise Mistake(f"the answer {each!r} has no word in it; write it as answer_regex")
    return told


def _check(row: Row, told: tuple[str, ...]) -> None:
    """Raise Mistake unless it is said, and said once, what makes an answer right."""
    if not (told or row.answer_regex or row.unanswerable or row.tool is not None):
        raise Mistake(
            "nothing says what makes an answer right; give it answer, answers, answer_regex, "
            "unanswerable or tool"
        )
    if row.unanswerable and (told or row.answer_regex):
        raise Mistake("it has an answer and is unanswerable; take one of the two out")
    if row.arguments and row.tool in (None, *NO_TOOL):
        raise Mistake("it has arguments but no tool; name the tool")
    if row.answer_regex and (wrong := problem(row.answer_regex)):
        raise Mistake(f"its answer_regex cannot be used: {wrong}")


def _talk(row: Row) -> tuple[tuple[Message, ...], str]:
    """The turns before the question, and the question: the last of the messages where there is
    no other. Raises Mistake."""
    found: list[Message] = [system(row.system)] if row.system else []
    try:
        for number, raw in enumerate(row.messages, start=1):
            made = turns.message(raw, found[-1] if found else None, f"call{number}")
            found += [made] if made else []
    except Unreadable as error:
        raise Mistake(str(error)) from error
    if any(each.role == "system" for each in found[1:]):
        raise Mistake("a system text can only stand at the beginning, and once")
    question = row.question.strip()
    if not question and found and found[-1].role == "user":
        question = found.pop().text.strip()
    if not question:
        raise Mistake("it has no question")
    return tuple(found), question
