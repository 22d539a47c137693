"""Conversations in Markdown: a heading of level two for each message names who speaks.

What our own export writes is read back as texts; the lossless form is JSON. Headings in
fenced code are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from localai.conversation import Role
from localai.port.turns import ROLES

MOST_BYTES = 32 * 1024 * 1024
"""A longer file is not read."""

Turn = tuple[Role, list[str]]

_SPEAKER = re.compile(r"## (\w+)(?: \([^)]*\))? *")
_TITLE = re.compile(r"# (.+)")
_DATE = re.compile(r"\*\d{4}-\d\d-\d\d.*\*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_NAMES: dict[str, Role] = {**ROLES, "you": "user"}


def conversations(text: str) -> Iterator[dict[str, Any]]:
    """Records with `title` and `messages`, one for each conversation."""
    lines = text.splitlines()
    title, turns = "", list[Turn]()
    for at, (line, fenced, role) in enumerate(_told(lines)):
        head = None if fenced else _TITLE.fullmatch(line)
        if role:
            turns.append((role, []))
        elif head and _begins(lines[at + 1 : at + 5]):
            yield from _record(title, turns)
            title, turns = head[1], []
        elif turns:
            turns[-1][1].append(line)
    yield from _record(title, turns)


def dialogue(text: str) -> tuple[str, list[dict[str, Any]]]:
    """What stands before the first heading, and the messages of a single conversation: a
    line that looks like a title is what is said."""
    before, turns = list[str](), list[Turn]()
    for line, _, role in _told(text.splitlines()):
        if role:
            turns.append((role, []))
        else:
            (turns[-1][1] if turns else before).append(line)
    return "\n".join(before).strip(), _messages(turns)


def _told(lines: Iterable[str]) -> Iterator[tuple[str, bool, Role | None]]:
    """Each line with whether it is in a fence, and who speaks after it if it says so."""
    fence = ""
    for line in lines:
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif fence and line.strip().startswith(fence) and not line.strip(" `~"):
            fence = ""
        yield line, bool(fence), None if fence else _role(line)


def _role(line: str) -> Role | None:
    """Who speaks from this line on; None when it is no such heading."""
    speaker = _SPEAKER.fullmatch(line)
    return _NAMES.get(speaker[1].lower()) if speaker else None


def _begins(following: list[str]) -> bool:
    """True when lines after a heading show that it is a title: a date or a speaker is next."""
    first = next((line for line in following if line.strip()), "")
    return _role(first) is not None or _DATE.fullmatch(first) is not None


def _record(title: str, turns: Sequence[Turn]) -> Iterator[dict[str, Any]]:
    if turns:
        yield {"markdown": True, "title": title, "messages": _messages(turns)}


def _messages(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    return [{"role": role, "content": "\n".join(lines).strip()} for role, lines in turns]
