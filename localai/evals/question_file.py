"""A file of questions, read: JSON lines or CSV. What a line may hold is in `rows`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from localai.errors import UsageError
from localai.evals import written
from localai.evals.rows import FIELDS, Mistake, example
from localai.evals.task import Example
from localai.port.decoding import decode

SEPARATOR = "|"
"""Between the answers in a cell."""


def questions(path: Path) -> tuple[Example, ...]:
    """The questions of a file, mixed so that every beginning is a fair sample. Raises UsageError,
    naming the line, for what cannot be used."""
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
    return tuple(written.mixed(found))


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
