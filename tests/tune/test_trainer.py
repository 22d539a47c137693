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

    def go_on(self, position: Position, arrays: object) -> None:
        self.position = position

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


def test_one_that_died_for_want_of_memory_goes_on_in_smaller_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system ends a process without a warning, soon after memory was found to be short."""
    left = iter([5, 3, 3, 5])
    monkeypatch.setattr(trainer, "total_memory", lambda: 100)
    monkeypatch.setattr(trainer, "free_memory", lambda: next(left, 5))

    def dies(step: Any) -> None:
        if step.number == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer._descend(FakeDescent(1), Checkpoints(tmp_path, b"plan"), dies)  # type: ignore[arg-type]
    for pieces, expected in ((2, 8), (1, 8)):
        descent = FakeDescent(pieces)
        trainer._descend(descent, Checkpoints(tmp_path, b"plan"), lambda step: None)  # type: ignore[arg-type]
        assert descent.seen == [expected] * 8
