"""Forgetting for good: what goes and what else holds it, a word to confirm it, what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from localai import forgetting
from localai.store.store import Store
from localai.store.upkeep.scope import Scope
from tui.backend import OpenStore
from tui.keymap import bindings
from tui.screens.task import TaskScreen, outcome

WORD = "forget"
ASKS = "enter then erases it · nothing brings it back · esc keeps it"


class Wish(NamedTuple):
    """What is to be forgotten: ids, or everything with these words."""

    conversations: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    words: str = ""


class ForgetScreen(TaskScreen):
    """Erases only after the word was typed. `erased` is called when something may be gone;
    `tune` starts one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("forget")

    def __init__(
        self,
        title: str,
        open_store: OpenStore,
        wish: Wish,
        erased: Callable[[], None],
        tune: Callable[[], None],
    ) -> None:
        super().__init__(title, open_store)
        self._wish, self._erased, self._tune = wish, erased, tune
        self._scope: Scope | None = None
        self._lines: list[str] = []
        self._relearn = False

    def body(self) -> Iterable[Widget]:
        """What goes; the word, asked for once that is known."""
        yield outcome()
        yield Input(id="word", placeholder=f"Type {WORD} to erase it", compact=True)

    def on_mount(self) -> None:
        """Look for what goes."""
        self.add_class("-danger")
        self._field.display = False
        self.work("Looking for what holds it", self._find, self._found)

    @property
    def _field(self) -> Input:
        return self.query_one(Input)

    def action_go(self) -> None:
        """Erase if the word is there; close when there is nothing left to do."""
        if self.working:
            return
        if self.finished:
            self.dismiss()
        elif self._field.value.strip().lower() != WORD:
            self._ask(f"Nothing was erased; type the word {WORD} first, or leave with esc.")
        else:
            self._field.display = False
            self.work("Erasing it; the history is written anew", self._erase, self._done)

    def action_tune(self) -> None:
        """Learn anew from what is left, where adapters were retired."""
        if self._relearn:
            self._tune()
            self.dismiss()

    def failed(self, sentence: str) -> None:
        """Say why; trying again goes on where it was."""
        if self._scope is None:
            self.finish((), problem=sentence)
            return
        self._erased()
        self._ask(sentence)

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        """A complaint goes when it is answered."""
        event.stop()
        if self.query_one("#complaint").display:
            self._ask()

    def _find(self, store: Store) -> tuple[Scope | None, list[str]]:
        scope = forgetting.find(store, *self._wish)
        return scope, forgetting.lines(store, scope) if scope is not None else []

    def _found(self, found: tuple[Scope | None, list[str]]) -> None:
        self._scope, self._lines = found
        if self._scope is None:
            self.finish([forgetting.nothing(self._wish.words)])
        else:
            self._ask()

    def _ask(self, problem: str = "") -> None:
        self._field.display, self._field.disabled = True, False
        self._field.focus()
        self.show(self._lines, keys=ASKS, problem=problem)

    def _erase(self, store: Store) -> tuple[list[str], bool]:
        assert self._scope is not None
        lines = [forgetting.made(store.forget(self._scope))]
        if not self._scope.adapters:
            return lines, False
        return [*lines, forgetting.advice(store, "t")], forgetting.relearnable(store)

    def _done(self, done: tuple[list[str], bool]) -> None:
        lines, self._relearn = done
        self.remove_class("-danger")
        self._erased()
        self.finish(lines, keys="t starts a tune · " if self._relearn else "")
