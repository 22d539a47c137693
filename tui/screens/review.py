"""Everything that may be learned from, to be accepted, edited or rejected before training.

Decisions show at once and are written by the bridge; one that cannot be kept is shown as it
was. How examples are listed and shown is in `review_list`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widgets import OptionList

from localai.errors import LocalaiError, UsageError
from localai.lessons.dialogue import Dialogue, write
from localai.store.store import Store
from localai.store.tuning import ExampleState, StoredExample
from tui.bridge import Bridge
from tui.keymap import bindings
from tui.review import pages
from tui.review.messages import Judged, SetJudged, Settled
from tui.review.reviewer import Reviewer
from tui.review.values import STATES, Decision, Filter
from tui.screens.confirm import ConfirmScreen
from tui.screens.data_sets import DataSetScreen
from tui.screens.dialogue import DialogueScreen
from tui.screens.editor import EditorScreen
from tui.screens.help import HelpScreen
from tui.screens.review_list import BAD, ReviewList
from tui.screens.rewrites import RewritesScreen

NO_REWRITES = (
    "The model has found no other words for this; a tune looks for some, as does `localai data "
    "rewrite`."
)
CALL = "This example is a call of a tool; correct the answer again to change it."


class ReviewScreen(ReviewList):
    """Returns whether anything was decided or changed."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("review")

    def __init__(self, store: Store, reader: Store, bridge: Bridge, rewrites: int) -> None:
        super().__init__(store, reader, bridge, rewrites)
        self.token = object()
        """Tells this review from one that was closed before its decisions were written."""
        self._decisions: list[Decision] = []
        self._unsettled = 0
        self._afterwards: Callable[[], None] | None = None
        self._changed = False

    def action_judge(self, state: ExampleState) -> None:
        """Accept or reject the example under the cursor, and go on to the next."""
        row = self.examples.current
        if row is None:
            return
        if state == "accepted" and row.source == "bad":
            self.say(BAD)
            return
        if row.state != state:
            decision = Decision((row.id,), row.name, row.state, state)
            self._decisions.append(decision)
            self._apply(decision)
            self._judge(row.id, state)
        self.examples.step()

    def action_undo(self) -> None:
        """Put the last decision back, then those before it."""
        if not self._decisions:
            self.say("There is nothing to undo.")
            return
        last = self._decisions.pop()
        back = Decision(last.ids, last.name, last.after, last.before)
        self._apply(back)
        if len(back.ids) == 1:
            self._judge(back.ids[0], back.after)
            self.examples.point(back.ids[0])
        else:
            self._decide(lambda reviewer: reviewer.let_wait(back.ids))

    def action_next(self) -> None:
        """Go to the next pending example."""
        if not self.examples.next_pending():
            self.say("Nothing that is listed is pending.")

    def action_filter(self) -> None:
        """List the next of pending, accepted, rejected and all."""
        state = STATES[(STATES.index(self.shown.state) + 1) % len(STATES)]
        self._list(Filter(state, self.shown.name))

    def action_data_set(self) -> None:
        """Ask which data set to list."""
        names = [None, *sorted({name for name, _ in self.counts} | {""})]
        shown = self.shown.name if self.shown.name in names else None

        def choose(number: int | None) -> None:
            if number is not None:
                self._list(Filter(self.shown.state, names[number]))

        self.app.push_screen(DataSetScreen(names, self.counts, shown), choose)

    def action_accept_set(self) -> None:
        """Accept all that waits in the data set that is shown, after asking."""
        name = self.shown.name
        if not name:
            self.say("Choose a data set with s first; your own examples are accepted one by one.")
            return
        count = self.counts[name, "pending"]
        if not count:
            self.say("Nothing is pending in this data set.")
            return

        def decide(accept: bool | None) -> None:
            if accept:
                self._decide(lambda reviewer: reviewer.accept_set(name))

        question = f"Accept all {count:,} pending examples of {name}?"
        self.app.push_screen(ConfirmScreen(question, "Accept", "Leave them"), decide)

    def action_new(self) -> None:
        """Write an example from scratch."""

        def keep(dialogue: Dialogue, name: str) -> None:
            self.bridge.review(lambda reviewer: reviewer.write(dialogue, name))

        self.app.push_screen(DialogueScreen("", keep))

    def action_edit(self) -> None:
        """Edit the answer of the example under the cursor, or the whole dialogue."""
        row = self.examples.current
        if row is None:
            return
        try:
            editor = self._editor(row)
        except LocalaiError as error:
            self.say(str(error), wrong=True)
        else:
            self.app.push_screen(editor)

    def action_drop(self) -> None:
        """Ask which of the model's ways to ask to drop, or to take back."""
        row = self.examples.current
        if row is None:
            return
        try:
            found = pages.sheet(self.store, row).rewrites
        except LocalaiError as error:
            self.say(str(error), wrong=True)
            return
        texts = (*found.kept, *found.dropped)
        if not texts:
            self.say(NO_REWRITES)
            return

        def decide(number: int | None) -> None:
            if number is not None:
                self.bridge.review(lambda reviewer: reviewer.drop(row, texts[number]))

        self.app.push_screen(RewritesScreen(found), decide)

    def action_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen())

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(self._changed)

    def settle(self, message: Settled) -> None:
        """A decision of this review is written, or could not be."""
        self._unsettled -= 1
        if isinstance(message, SetJudged):
            self._settle_set(message)
        elif isinstance(message, Judged) and message.problem:
            failed = (message.example_id,)
            self._decisions = [each for each in self._decisions if each.ids != failed]
            self._list(self.shown, message.example_id)
        if self._afterwards is not None and not self._unsettled:
            self._afterwards()
            self._afterwards = None

    def take(self, example: StoredExample, instead_of: str) -> None:
        """Show an example that was changed, or is new."""
        before = next((row for row in self.examples.rows if row.id == instead_of), None)
        if before is not None:
            self.counts[before.name, before.state] -= 1
        self.counts[example.name, example.state] += 1
        self.examples.put(example, instead_of)
        self._decisions = [each.about(example.id, instead_of) for each in self._decisions]
        self._changed = True
        self.paint_headline()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        """The mouse only points."""
        event.stop()

    def _list(self, wanted: Filter, point: str = "") -> None:
        """List anew, once what was decided is written."""
        list_ = partial(self.list_anew, wanted, point)
        if self._unsettled:
            self._afterwards = list_
        else:
            list_()

    def _judge(self, example_id: str, state: ExampleState) -> None:
        self._decide(lambda reviewer: reviewer.judge(example_id, state))

    def _decide(self, act: Callable[[Reviewer], Settled]) -> None:
        """Have it written; what comes of it is for this review alone."""
        self._unsettled += 1
        self.bridge.review(lambda reviewer: act(reviewer).asked_by(self.token))

    def _settle_set(self, message: SetJudged) -> None:
        name = self.shown.name or ""
        if message.after == "accepted" and message.ids:
            decision = Decision(message.ids, name, message.before, message.after)
            self._decisions.append(decision)
            self._apply(decision)

    def _apply(self, decision: Decision) -> None:
        """Show examples and numbers as they are after a decision."""
        count = len(decision.ids)
        self.counts[decision.name, decision.before] -= count
        self.counts[decision.name, decision.after] += count
        self.examples.set_state(frozenset(decision.ids), decision.after)
        self._changed = True
        self.paint_headline()
        row = self.examples.current
        if row is not None and row.id in decision.ids:
            self.view.mark(row)

    def _editor(self, row: StoredExample) -> EditorScreen:
        """Where an example is edited. Raises LocalaiError when it cannot be."""
        sheet = pages.sheet(self.store, row)
        *before, answer = sheet.turns
        if row.whole:
            text = write(Dialogue(sheet.system, sheet.turns))
            return DialogueScreen(
                text, lambda dialogue, _: self.bridge.review(lambda r: r.rewrite(row, dialogue))
            )
        if answer.calls:
            raise UsageError(CALL)
        followed = self.store.conversation(row.conversation).leaf != row.leaf
        return EditorScreen(
            before[0].text if before else "",
            answer.text,
            lambda text: self.bridge.review(lambda r: r.correct(row, text)),
            followed=followed,
        )
