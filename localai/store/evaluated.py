"""What the store returns about evaluations. Values only; what is in the JSON is `evals`' own."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

EvalState = Literal["running", "done", "stopped"]


class Evaluated(msgspec.Struct, frozen=True, kw_only=True):
    """What is evaluated, and how: questions of a task's pool, asked in a manner (JSON), `wanted`
    at most (0: all). `base` and `adapter` are hashes of files, the latter "" for the bare model;
    `name` is what the adapter was called."""

    task: str
    pool: str
    manner: dict[str, Any]
    style: str = "direct"
    seed: int = 0
    wanted: int = 0
    model: str
    base: str
    adapter: str = ""
    name: str = ""


class EvalRun(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluation. A run whose process died reads as stopped. Runs that one command made share
    `command`, an id. `against` is the run on the same questions that it is compared with, "" for
    none; `summary` (JSON) is there once it is done; `items` is how many are answered."""

    id: str
    of: Evaluated
    state: EvalState
    created: float
    updated: float
    command: str
    against: str = ""
    summary: dict[str, Any] | None = None
    items: int = 0

    @property
    def short_id(self) -> str:
        """The end of the id, which is random: enough to find the run by."""
        return self.id[-8:].lower()


class EvalItem(msgspec.Struct, frozen=True):
    """One question of a run: what was asked, all answers to it, and what they came to."""

    item: str
    asked: dict[str, Any]
    answers: list[dict[str, Any]]
    scores: dict[str, float | None]
