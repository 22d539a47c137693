"""One comparison on the command line: both answers shown as they come, and the vote on them."""

from __future__ import annotations

import io
import sys

import click

from localai.chat.comparing import Sides
from localai.chat.session import Session
from localai.cli import columns, record
from localai.cli.interrupts import Interrupts, interruptible
from localai.cli.output import AnswerView, Silent, can_render, view
from localai.cli.progress import Progress
from localai.cli.terminal import window_size
from localai.cli.turn import LOADING, Turn, forgive
from localai.evals import votes
from localai.sanitize import one_line
from localai.store.preferred import Vote
from localai.store.rows import StoredMessage


class Comparing:
    """Two sides of one question. `blind` shows numbers in the place of names."""

    def __init__(self, session: Session, sides: Sides, *, blind: bool, as_json: bool) -> None:
        self._session, self._sides, self.blind, self._as_json = session, sides, blind, as_json
        self._answers: list[StoredMessage] = []
        self._columns: columns.Columns | None = None

    @property
    def complete(self) -> bool:
        """Whether both have answered."""
        return len(self._answers) == 2 and all(row.status == "done" for row in self._answers)

    @property
    def who(self) -> str:
        """Which number was whom."""
        one, other = (one_line(side.name) for side in self._sides)
        return f"1 was {one}, 2 was {other}."

    def run(self, text: str) -> int:
        """Ask both; the exit code."""
        asked = self._session.put(text)
        progress = Progress(sys.stderr)
        with interruptible(self._session.cancel) as interrupts:
            try:
                self._load(progress)
                for at in (0, 1):
                    if not interrupts.signal:
                        self._answer(at, asked.id, progress, interrupts)
            finally:
                if self._columns is not None:
                    self._columns.end()
        if self._as_json:
            self._print(text, asked)
        return interrupts.exit_code

    def vote(self, vote: Vote) -> str:
        """Record which is better, and go on from it; the sentence that says so."""
        store, (left, right) = self._session.store, self._answers
        one, other = self._sides
        made = store.add_preference(
            left.id, right.id, one.kind, (one.by, other.by), vote, blind=self.blind
        )
        if vote in ("left", "right"):
            better = left if vote == "left" else right
            store.set_leaf(better.conversation, better.id)
        told = votes.sentence(votes.tally(store.preferences(), made))
        return f"{self.who if self.blind else 'Recorded.'} So far: {told}."

    def _load(self, progress: Progress) -> None:
        """Load the model first, since two columns leave no room to say that it is loading."""
        progress.show(LOADING)
        try:
            self._session.engine.load()
        finally:
            progress.clear()
        wide = can_render(sys.stdout) and window_size(sys.stdout).columns >= columns.WIDE
        if wide and not self._as_json:
            self._columns = columns.Columns(sys.stdout, self._names())
            self._columns.begin()

    def _answer(self, at: int, asked: str, progress: Progress, interrupts: Interrupts) -> None:
        side = self._sides[at]
        shown, beside = self._view(at), self._columns
        quiet = Progress(io.StringIO()) if beside else progress
        turn = Turn(shown, quiet, interrupts, count_answer=self._as_json)
        answer = turn.run(self._session.answer_by(asked, side))
        self._answers.append(answer)
        if turn.lost_reader is not None:
            forgive(turn.lost_reader)
        if beside is not None:
            beside.sides[at].facts = facts(answer, timed=not self.blind)
        elif not self._as_json:
            click.echo(click.style(facts(answer, timed=not self.blind), dim=True))

    def _view(self, at: int) -> AnswerView:
        """Where an answer goes; below a heading where it has no column."""
        if self._columns is not None:
            return self._columns.sides[at]
        if self._as_json:
            return Silent()
        if at:
            click.echo()
        click.echo(click.style(self._names()[at], bold=True))
        return view(sys.stdout)

    def _names(self) -> tuple[str, str]:
        one, other = (one_line(side.name) for side in self._sides)
        return ("1", "2") if self.blind else (f"1  {one}", f"2  {other}")

    def _print(self, text: str, asked: StoredMessage) -> None:
        pairs = zip(self._sides, self._answers, strict=False)
        sides = [{"side": side.name, **record.answer(row, saved=True)} for side, row in pairs]
        found = {"question": text, "question_id": asked.id, "kind": self._sides[0].kind}
        click.echo(record.dumps({**found, "sides": sides}))


def facts(answer: StoredMessage, *, timed: bool) -> str:
    """Tokens of an answer; `timed`, also seconds and speed, which tell who has read the prompt
    before."""
    done = answer.completion
    if done is None:
        return answer.status
    if not timed:
        return f"{done.generated_tokens:,} tokens"
    seconds = (done.timings.prompt_ms + done.timings.generate_ms) / 1000
    speed = f", {done.tokens_per_second:.0f} tokens/s" if done.tokens_per_second else ""
    return f"{done.generated_tokens:,} tokens, {seconds:.1f} s{speed}"
