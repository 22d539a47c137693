"""What the store returns about learning: corrections, adapters, runs. Values only."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

CorrectionState = Literal["accepted", "withdrawn", "replaced"]
Reason = Literal["edited", "invented", "tool", "no-tool", "shorter"]
"""Why an answer was corrected: it was edited, made up, lacked a call of a tool, had one too
many, or was too long."""
Source = Literal["correction", "good", "bad", "written", "imported"]
ExampleState = Literal["pending", "accepted", "rejected"]
RunState = Literal["running", "promoted", "rejected", "failed", "stopped", "interrupted"]
ActivationReason = Literal["promoted", "chosen", "rollback"]
Turn = Literal["", "waiting", "training", "paused"]
"""Whose turn it is with a memory that does not hold both a chat and a training: the training
waits to begin, has it, or has stopped for a chat; "" where the memory holds both."""


class Corrected(msgspec.Struct, frozen=True):
    """What the correction `id` says: the question that was asked in `conversation`, and the
    answer that the user wants, which is the message `chosen`."""

    id: str
    conversation: str
    question: str
    answer: str
    chosen: str = ""


class Correction(msgspec.Struct, frozen=True):
    """What the user made of an answer. `rejected` is the model's message, `chosen` the one
    with the user's text, its sibling, written in `conversation`; both hang under the question.
    Only accepted ones teach; a replaced one was edited again, a withdrawn one was taken back."""

    id: str
    conversation: str
    rejected: str
    chosen: str
    state: CorrectionState
    created: float
    reason: Reason = "edited"


class StoredExample(msgspec.Struct, frozen=True):
    """Something to learn from: the path to the message `leaf`, of which the last answer counts,
    or every one when it is `whole`. `name` is its data set's, "" for what is the user's own.

    `reason` and `rejected` (a message id) belong to corrections. `question` and `answer` are
    the texts of the last two messages, without a call of tools between them.
    """

    id: str
    source: Source
    name: str
    state: ExampleState
    reason: str
    leaf: str
    rejected: str
    whole: bool
    created: float
    conversation: str
    question: str
    answer: str


class Rewrites(msgspec.Struct, frozen=True):
    """Other words for a question, found by the model; those that were `dropped` are not learned."""

    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


class Tally(msgspec.Struct, frozen=True):
    """`count` examples of a data set are of this source and state."""

    name: str
    source: Source
    state: ExampleState
    count: int


class Adapter(msgspec.Struct, frozen=True):
    """An adapter. `base` and `sha256` are the hashes of the model file it belongs to and of its
    own file; `base_bytes` the former's size; `file` its path; `name` is short and unique:
    "tuned-3", or what the user calls it. `run` made it, "" for none that is recorded."""

    id: str
    name: str
    base: str
    base_bytes: int
    file: str
    sha256: str
    run: str
    created: float


class Activation(msgspec.Struct, frozen=True):
    """From `created` on, `adapter` ("" is the bare model) answers for the model `base`."""

    number: int
    base: str
    adapter: str
    reason: ActivationReason
    created: float


class Progress(msgspec.Struct, frozen=True):
    """How far a run is. `stage` is a short sentence ("training", "asking the held-out
    questions"); `done` of `total` steps of it; `loss` and `tokens_per_second` in training;
    `seconds_left` until the stage ends, None unknown; `memory`: the most bytes that training
    has held; `turn` whose the memory is; `spent` the seconds of each stage so far, in order."""

    stage: str
    done: int = 0
    total: int = 0
    loss: float | None = None
    tokens_per_second: float | None = None
    seconds_left: float | None = None
    memory: int | None = None
    turn: Turn = ""
    spent: dict[str, float] = {}


class Run(msgspec.Struct, frozen=True):
    """One tune run for the model `model` (a catalogue name). `plan` is what it was made
    from, with the ids of what it learns as `corrections`, of what says the same as `duplicates`,
    of what else was accepted as `unlearned`; `verdict` every number of its gate; both are JSON
    objects. A run whose process died reads as interrupted. `adapter` is the id
    of what it made, "" for none. `number` orders the runs; one that is gone on with gets the
    highest."""

    id: str
    model: str
    base: str
    state: RunState
    created: float
    updated: float
    plan: dict[str, Any]
    progress: Progress
    verdict: dict[str, Any] | None = None
    error: str = ""
    adapter: str = ""
    number: int = 0
