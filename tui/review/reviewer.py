"""What the bridge's thread does for the review: decisions, changed examples, their tokens.

Works on a store and a session that are handed in; it posts nothing and shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from localai.chat.session import Session
from localai.errors import LocalaiError
from localai.lessons.dialogue import Dialogue
from localai.lessons.maker import maker_for
from localai.lessons.mending import mend
from localai.lessons.preview import preview
from localai.store.store import Store
from localai.store.tuning import ExampleState, StoredExample
from tui.review.messages import Judged, LaidOut, Reworded, Rewritten, SetJudged


class Reviewer:
    """One store. A decision that cannot be written is told as such; a text that cannot be kept
    raises LocalaiError, so that its editor stays open."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def judge(self, example_id: str, state: ExampleState) -> Judged:
        """Accept an example, reject it, or let it wait."""
        try:
            self._store.judge_example(example_id, state)
        except LocalaiError as error:
            return Judged(example_id, str(error))
        return Judged(example_id)

    def accept_set(self, name: str) -> SetJudged | Judged:
        """Accept all that waits in a named data set."""
        try:
            accepted = self._store.accept_pending(name)
        except LocalaiError as error:
            return Judged("", str(error))
        return SetJudged(accepted, "pending", "accepted")

    def let_wait(self, ids: tuple[str, ...]) -> SetJudged | Judged:
        """Undo that."""
        try:
            self._store.let_wait(ids)
        except LocalaiError as error:
            return Judged("", str(error))
        return SetJudged(ids, "accepted", "pending")

    def correct(self, example: StoredExample, text: str) -> Rewritten:
        """Let a text be the better answer."""
        made = mend(self._store, example, text)
        return Rewritten(self._store.example(made.id), example.id)

    def rewrite(self, example: StoredExample, dialogue: Dialogue) -> Rewritten:
        """Let a dialogue be another one."""
        made = self._store.rewrite_example(example.id, dialogue.messages, dialogue.system)
        return Rewritten(self._store.example(made), example.id)

    def write(self, dialogue: Dialogue, name: str) -> Rewritten:
        """Record a dialogue to learn from, in a data set or among the user's own."""
        made = self._store.write_example(dialogue.messages, dialogue.system, name)
        return Rewritten(self._store.example(made))

    def drop(self, example: StoredExample, text: str) -> Reworded:
        """Let a way to ask in the model's words not be learned, or be learned again."""
        try:
            self._store.drop_rewrite(example.leaf, text)
        except LocalaiError as error:
            return Reworded(example.id, str(error))
        return Reworded(example.id)

    def lay_out(self, session: Callable[[], Session], example: StoredExample) -> LaidOut:
        """The tokens that would be trained of an example; loads the model if it is not."""
        try:
            talk = session()
            found = preview(self._store, example, talk.engine, maker_for(talk))
        except LocalaiError as error:
            return LaidOut(example.id, None, str(error))
        return LaidOut(example.id, found)
