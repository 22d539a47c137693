"""The training process divides its steps before the machine's memory runs out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localai.tune import trainer
from localai.tune.checkpoints import Checkpoints, Position
from localai.tune.plan import Step


class FakeDescent:
    """Notes in how many pieces each of its steps is made."""

    def __init__(self, pieces: int) -> None:
        self.pieces, self.seen = pieces, list[int]()
        self.position = Position(8, 8)

    def arrays(self) -> dict[str, Any]:
        return {}

    def __iter__(self) -> Iterator[Step]:
        for number in range(1, 9):
            self.seen.append(self.pieces)
            yield Step(number, 8, 1.0, 10, 1.0)


@pytest.mark.parametrize(
    ("free", "pieces"),
    [
        ([5, 5, 3, 5, 3, 5, 5, 5], [1, 1, 1, 2, 2, 4, 4, 4]),
        ([3] * 8, [1, 2, 4, 8, 8, 8, 8, 8]),
        ([5] * 8, [1] * 8),
    ],
)
def test_little_memory_divides_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: list[int], pieces: list[int]
) -> None:
    left = iter(free)
    monkeypatch.setattr(trainer, "total_memory", lambda: 100)
    monkeypatch.setattr(trainer, "free_memory", lambda: next(left))
    descent, told = FakeDescent(1), list[object]()
    trainer._descend(descent, Checkpoints(tmp_path, b"plan"), told.append)  # type: ignore[arg-type]
    assert descent.seen == pieces
    assert len(told) == 8
