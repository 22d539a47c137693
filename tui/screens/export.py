"""Exporting conversations: a form and a file."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from localai.port.exporting import Export
from localai.store.backup import unused
from localai.store.store import Store
from tui.backend import OpenStore
from tui.keymap import bindings
from tui.screens.task import TaskScreen, outcome
from tui.typed_path import shown
from tui.widgets.path_input import PathInput

ASKS = "enter writes it · up and down choose · tab completes · esc closes"


class Form(NamedTuple):
    """What a file may be: the ending of its name, and what it is for."""

    ending: str
    purpose: str


FORMS: dict[str, Form] = {
    "md": Form(".md", "Markdown, to read"),
    "json": Form(".json", "everything, to be imported again"),
    "html": Form(".html", "one page, to read and to print"),
    "openai": Form(".jsonl", "messages, to train other models"),
    "pairs": Form(".jsonl", "your corrections, to train other models"),
}
ENDINGS = {form.ending for form in FORMS.values()}


class ExportScreen(TaskScreen):
    """Exports the conversations `ids`; None stands for all of them. `proposal` is the path of
    the file without its ending."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("export")

    def __init__(
        self, title: str, open_store: OpenStore, ids: tuple[str, ...] | None, proposal: Path
    ) -> None:
        super().__init__(title, open_store)
        self._ids, self._proposal = ids, proposal
        self._proposed = self._offer("md")

    def body(self) -> Iterable[Widget]:
        """The forms, and the file."""
        forms = OptionList(*(Option(_row(name)) for name in FORMS), id="forms", compact=True)
        forms.can_focus = False
        yield forms
        yield PathInput(self._proposed)
        yield outcome()

    def on_mount(self) -> None:
        """Begin with Markdown, for the eyes."""
        self.query_one(OptionList).highlighted = 0
        self.query_one(PathInput).focus()
        self.show(keys=ASKS)

    def action_move(self, step: int) -> None:
        """Choose another form; the focus stays where one types."""
        forms = self.query_one(OptionList)
        forms.highlighted = ((forms.highlighted or 0) + step) % len(FORMS)

    @on(OptionList.OptionHighlighted)
    def _chosen(self, event: OptionList.OptionHighlighted) -> None:
        """Propose a name for the form. One that was typed only gets the form's ending, unless
        it has one that is none of ours."""
        event.stop()
        field, before = self.query_one(PathInput), self._proposed
        self._proposed = self._offer(self._form)
        stem, dot, ending = field.value.rpartition(".")
        if field.value == before:
            field.value = self._proposed
        elif dot and dot + ending in ENDINGS:
            field.value = stem + FORMS[self._form].ending
        else:
            return
        field.cursor_position = len(field.value)

    def _offer(self, form: str) -> str:
        """A name that no file has, as one would type it."""
        return shown(unused(self._proposal.with_suffix(FORMS[form].ending)))

    @property
    def _form(self) -> str:
        return list(FORMS)[self.query_one(OptionList).highlighted or 0]

    def action_go(self) -> None:
        """Write the file; then close."""
        if self.working:
            return
        path, form = self.query_one(PathInput).path, self._form
        if self.finished:
            self.dismiss()
        elif path is None:
            self.failed("Write the name of the file first.")
        else:
            self.work("Writing it", partial(self._write, self._file(path), form), self.finish)

    def failed(self, sentence: str) -> None:
        """Say why; form and name can be changed."""
        self.show(keys=ASKS, problem=sentence)

    def _file(self, path: Path) -> Path:
        """The file that is meant: in a folder one of the name that was proposed; each has an
        ending."""
        ending = FORMS[self._form].ending
        try:
            if path.is_dir():
                return unused(path / f"{self._proposal.name}{ending}")
        except OSError:
            return path  # what is wrong with it shows when it is written
        return path if path.suffix else path.with_name(f"{path.name}{ending}")

    def _write(self, path: Path, form: str, store: Store) -> list[str]:
        ids = self._ids
        if ids is None:
            ids = store.conversation_ids(examples=form == "json")
        export = Export(store, ids, form)
        export.write(path)
        return [export.outcome(path)]


def _row(name: str) -> Content:
    return Content.assemble(f"{name:<8}", Content.styled(FORMS[name].purpose, "$foreground 70%"))
