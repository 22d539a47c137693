"""What the review screen works with: which examples it lists, what was decided. Values only."""

from __future__ import annotations

import msgspec

from localai.conversation import Message
from localai.store.tuning import ExampleState, Rewrites, StoredExample

STATES: tuple[ExampleState | None, ...] = ("pending", "accepted", "rejected", None)
"""What can be listed, in the order of the key; None is all."""


class Filter(msgspec.Struct, frozen=True):
    """Examples of this state and data set; None for any, "" is the set of the user's own."""

    state: ExampleState | None = None
    name: str | None = None

    def takes(self, example: StoredExample) -> bool:
        """Whether an example is one of these."""
        return self.state in (None, example.state) and self.name in (None, example.name)


class Decision(msgspec.Struct, frozen=True):
    """The examples `ids` of the data set `name` were `before` and are `after`, all at once."""

    ids: tuple[str, ...]
    name: str
    before: ExampleState
    after: ExampleState

    def about(self, id_: str, instead_of: str) -> Decision:
        """The same of an example that was changed, and so got another id."""
        ids = tuple(id_ if each == instead_of else each for each in self.ids)
        return msgspec.structs.replace(self, ids=ids)


class Sheet(msgspec.Struct, frozen=True):
    """An example with its texts, raw: what is said in it from the question on, or all of it
    when all is learned, under the `system` text; `rejected` is what a correction corrects. `ways`
    are the words that the question is asked in by templates, none where it is in its own alone;
    `rewrites` those that the model found."""

    example: StoredExample
    turns: tuple[Message, ...]
    system: str = ""
    rejected: str = ""
    ways: tuple[str, ...] = ()
    rewrites: Rewrites = Rewrites()
