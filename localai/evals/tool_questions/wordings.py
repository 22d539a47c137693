"""The wordings that questions are made of, read from the files that come with localai."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from localai.evals.knowledge.pools import data
from localai.evals.task import Example


def wordings(name: str) -> dict[str, Any]:
    """What the file about `name` holds; not to be changed."""
    return data(f"tools_{name}")


def made(
    question: str,
    *,
    kind: str,
    tool: str,
    arguments: dict[str, Any] | None = None,
    say: Sequence[str] = (),
    **extra: Any,
) -> Example:
    """The question as an example; `say`: how an answer may tell the "{result}"."""
    return Example(
        id=f"{kind}-{zlib.crc32(question.encode()):08x}",
        question=question,
        kind=kind,
        tool=tool,
        arguments=arguments or {},
        extra={"say": list(say)} | extra,
    )


def mixed(found: Sequence[Sequence[Example]]) -> list[Example]:
    """All of several lists, so that every beginning holds of each what is its share."""
    placed = [
        ((at + 0.5) / len(each), which, example)
        for which, each in enumerate(found)
        for at, example in enumerate(each)
    ]
    return [example for _, _, example in sorted(placed, key=lambda each: each[:2])]
