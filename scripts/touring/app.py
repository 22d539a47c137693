"""The app as it is used here: questions and corrections by keys, answers from its history."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from localai.store.rows import StoredMessage
from localai.store.store import Store
from scripts.touring.facts import Control, Fact
from scripts.touring.terminal import Terminal

PAUSE = 0.2
"""Seconds between two keystrokes or words, so that the app is asked no more than a person can."""

POLITELY = "Here is another question. "
"""What the controls are asked with the second time."""

Round = dict[str, list[Any]]
"""One pass over all questions; see `ask_all`."""


class Said(NamedTuple):
    """An answer, the adapter that gave it, and how fast it came."""

    text: str
    adapter: str
    tokens_per_second: float


class Evening:
    """The app in `terminal`, and the history it writes."""

    def __init__(self, terminal: Terminal, store: Store) -> None:
        self._terminal, self._store = terminal, store

    def ask(self, question: str) -> Said:
        """Ask in a new conversation; the answer."""
        before = self._latest()
        for keys in ("new", question, "enter"):
            time.sleep(PAUSE)
            self._terminal.press(keys)
        row = self._terminal.until(lambda: self._answered(before), f"an answer to {question!r}")
        speed = row.completion.tokens_per_second if row.completion else 0.0
        return Said(row.message.text, row.origin.adapter if row.origin else "", speed)

    def correct(self, answer: str) -> None:
        """Put another text in the place of the last answer."""
        known = len(self._store.corrections())
        time.sleep(PAUSE)
        self._terminal.press("correct")
        self._terminal.until(
            lambda: self._terminal.shows("Correct the answer") or None, "the editor"
        )
        for keys in ("select all", "delete", answer, "save"):
            time.sleep(PAUSE)
            self._terminal.press(keys)
        self._terminal.until(
            lambda: len(self._store.corrections()) > known or None, "the correction"
        )

    def roll_back(self, base: str) -> float:
        """Press the key; seconds until the old state answers."""
        begun = time.monotonic()
        count = len(self._store.activations(base))
        self._terminal.press("roll back")
        self._terminal.until(
            lambda: len(self._store.activations(base)) > count or None, "the way back"
        )
        return time.monotonic() - begun

    def _latest(self) -> str:
        found = self._store.latest()
        return found.id if found else ""

    def _answered(self, before: str) -> StoredMessage | None:
        """The last answer of a conversation newer than `before`, once it is done."""
        found = self._store.latest()
        if found is None or found.id == before or not found.leaf:
            return None
        row = self._store.message(found.leaf)
        return row if row.message.role == "assistant" and row.status == "done" else None


def right(fact: Fact, text: str) -> bool:
    """Whether an answer to a held-out question tells the fact."""
    return all(word in text.lower() for word in fact.telling)


def knows(control: Control, text: str) -> bool:
    """Whether an answer has what was asked for, as whole words."""
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return any(f" {each} " in f" {' '.join(words)} " for each in control.accept)


def ask_all(evening: Evening, facts: Sequence[Fact], controls: Sequence[Control]) -> Round:
    """Every held-out question once, and every control as it is and politely."""
    said = [(fact, evening.ask(question)) for fact in facts for question in fact.held_out]
    rights = [(fact, right(fact, each.text)) for fact, each in said]
    known = [
        (control, [evening.ask(ask) for ask in (control.question, POLITELY + control.question)])
        for control in controls
    ]
    all_said = [each for _, each in said] + [each for _, both in known for each in both]
    return {
        "held_out": [each for _, each in rights],
        "facts": [[each for other, each in rights if other is fact] for fact in facts],
        "controls": [[knows(control, each.text) for each in both] for control, both in known],
        "adapters": sorted({each.adapter for each in all_said}),
        "texts": [each.text for each in all_said],
    }
