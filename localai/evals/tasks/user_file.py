"""Questions of the user's own, from a file: JSON lines or CSV, scored by what each line gives.

What a line may hold is in `rows`. The questions are the same in every pool: whether they were
learned from is the user's to know.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from localai.errors import UsageError
from localai.evals import written
from localai.evals.abstention import abstains
from localai.evals.averages import means
from localai.evals.judging import accepted
from localai.evals.matching import matches
from localai.evals.mentions import amount, numbers, plain
from localai.evals.rows import FIELDS, Mistake, example
from localai.evals.task import Answer, Example, Measure, Place, Pool, Scores, Task
from localai.port.decoding import decode

SEPARATOR = "|"
"""Between the answers in a cell."""

MEASURES = (
    Measure("right", "everything that the line asks for"),
    Measure("abstained", "says that it does not know, where nobody can"),
    Measure("false_abstained", "says that it does not know, where there is an answer", "less"),
    Measure("tool", "calls first the tool that it should, or none"),
    Measure("arguments", "calls it with what it should"),
)


def read(path: Path) -> Task:
    """The task of a file. Raises UsageError, naming the line, for what cannot be used."""
    found = list[Example]()
    numbers_of = dict[str, int]()
    for number, given in _lines(path):
        try:
            each = example(given, f"line-{number}")
            if each.id in numbers_of:
                raise Mistake(f"line {numbers_of[each.id]} has the id {each.id!r}, too")
        except Mistake as error:
            raise _mistake(path, number, str(error)) from error
        numbers_of[each.id] = number
        found.append(each)
    if not found:
        raise UsageError(f"{path} has no questions; write one on each line.")
    every = written.mixed(found)

    def examples(place: Place, pool: Pool) -> Sequence[Example]:
        return every

    return Task(
        name=path.name,
        about=f"The questions in {path.name}.",
        measures=MEASURES,
        examples=examples,
        score=score,
        tools=any(each.tool is not None for each in found),
    )


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """What the answers to a question come to, on average."""
    return means([_score(example, answer) for answer in answers])


def _score(example: Example, answer: Answer) -> Scores:
    found = Scores()
    right = []
    if example.unanswerable:
        found["abstained"] = float(abstains(answer.text))
        right.append(found["abstained"])
    elif example.answers or example.pattern:
        found["false_abstained"] = float(abstains(answer.text))
        right.append(float(_told(example, answer.text)))
    if example.tool is not None:
        called = answer.calls[0] if answer.calls else None
        found["tool"] = float((called.name if called else "") == example.tool)
        right.append(found["tool"])
        if example.arguments:
            given = called.arguments if called and found["tool"] else {}
            found["arguments"] = float(
                all(_same(wanted, given.get(name)) for name, wanted in example.arguments.items())
            )
            right.append(found["arguments"])
    return {"right": min(right), **found}


def _told(example: Example, text: str) -> bool:
    """Whether a text has one of the answers in it, or what the expression says."""
    if any(_says(text, each) for each in example.answers):
        return True
    return bool(example.pattern) and matches(example.pattern, text)


def _says(text: str, answer: str) -> bool:
    """Whether the words stand in the text, or the number, however it is written."""
    worth = amount(answer)
    if worth is not None and any(amount(each.value) == worth for each in numbers(plain(text))):
        return True
    return accepted((answer,), Answer(text=text))


def _same(wanted: Any, given: Any) -> bool:
    """Whether two arguments are the same, but for case and blanks, and how a number is written."""
    one, other = (" ".join(str(each).split()).casefold() for each in (wanted, given))
    return one == other or (amount(one) is not None and amount(one) == amount(other))


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """What each line gives, with its number."""
    if path.suffix.lower() == ".py":
        raise UsageError(f"{path} is Python, and files of questions are JSON lines or CSV.")
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8; save it as UTF-8.") from error
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"{path} cannot be read ({why}); check the path.") from error
    if path.suffix.lower() == ".csv":
        yield from _cells(path, text)
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _object(path, number, line)


def _object(path: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        found = decode(line.encode())
    except ValueError as error:
        raise _mistake(path, number, str(error)) from error
    if not isinstance(found, dict):
        raise _mistake(path, number, "it is no JSON object")
    return found


def _cells(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows of a CSV file by the names in its first line; an empty cell says nothing."""
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if unknown := [name for name in rows.fieldnames or () if name not in FIELDS]:
            known = ", ".join(FIELDS)
            raise _mistake(path, 1, f"there is no field {unknown[0]!r}; there are: {known}")
        for row in rows:
            if None in row:
                raise _mistake(path, rows.line_num, "it has more cells than the first line")
            present = {name: cell for name, cell in row.items() if cell and cell.strip()}
            if present:
                yield rows.line_num, _values(path, rows.line_num, present)
    except csv.Error as error:
        raise _mistake(path, rows.line_num, str(error)) from error


def _values(path: Path, number: int, cells: Mapping[str, str]) -> Mapping[str, Any]:
    """Cells as the values that stand in JSON."""
    found: dict[str, Any] = dict(cells)
    if "answers" in found:
        found["answers"] = [each for each in found["answers"].split(SEPARATOR) if each.strip()]
    for name in ("messages", "arguments", "unanswerable", "level"):
        if name in found:
            cell = found[name].strip()
            try:
                # spreadsheets write TRUE
                found[name] = decode((cell.lower() if name == "unanswerable" else cell).encode())
            except ValueError as error:
                raise _mistake(path, number, f"{name} is no JSON") from error
    return found


def _mistake(path: Path, number: int, why: str) -> UsageError:
    return UsageError(f"{path}, line {number}: {why}.")
