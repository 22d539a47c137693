"""What the bridge tells the review screen. Values only."""

from __future__ import annotations

from typing import Self

from textual.message import Message

from localai.lessons.preview import Preview
from localai.store.tuning import ExampleState, StoredExample


class Settled(Message):
    """What came of a decision. `review` is the token of the review that asked for it."""

    review: object = None

    def asked_by(self, review: object) -> Self:
        """The same, for the review with this token."""
        self.review = review
        return self


class Judged(Settled):
    """The example `example_id` was decided on; `problem` says why it could not be."""

    def __init__(self, example_id: str, problem: str = "") -> None:
        super().__init__()
        self.example_id, self.problem = example_id, problem


class SetJudged(Settled):
    """The examples `ids`, all of one data set, were `before` and are `after` now."""

    def __init__(self, ids: tuple[str, ...], before: ExampleState, after: ExampleState) -> None:
        super().__init__()
        self.ids, self.before, self.after = ids, before, after


class Rewritten(Message):
    """`example` is in the place of the one with the id `instead_of`, "" for none: it is new."""

    def __init__(self, example: StoredExample, instead_of: str = "") -> None:
        super().__init__()
        self.example, self.instead_of = example, instead_of


class Reworded(Message):
    """A way to ask the example `example_id` in the model's words was dropped, or taken back;
    `problem` says why it could not be."""

    def __init__(self, example_id: str, problem: str = "") -> None:
        super().__init__()
        self.example_id, self.problem = example_id, problem


class LaidOut(Message):
    """The tokens of the example `example_id`; without a preview, `problem` says why."""

    def __init__(self, example_id: str, preview: Preview | None, problem: str = "") -> None:
        super().__init__()
        self.example_id, self.preview, self.problem = example_id, preview, problem
