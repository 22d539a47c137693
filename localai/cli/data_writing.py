"""`localai data new` and `edit`: dialogues written in the user's editor, or piped in.

What was written is never lost: text that cannot be taken is kept in a file that is named.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from typing import TypeVar

import click

from localai.cli import prompt
from localai.cli.failure import note
from localai.cli.invocation import Invocation
from localai.errors import LocalaiError, UsageError

T = TypeVar("T")

NOT_WRITTEN = "Nothing was written, so nothing was changed."


@click.command()
@click.option("--set", "name", default="", metavar="NAME", help="Put it into this data set.")
@click.pass_obj
def new(invocation: Invocation, name: str) -> None:
    """Write an example dialogue from scratch, in your editor or piped in.

    A line "## User" or "## Assistant" says who speaks, "## System" at the top sets the scene.
    It is accepted: every answer in it is learned.
    """
    from localai.lessons.dialogue import TEMPLATE, read

    def save(text: str) -> str:
        dialogue = read(text)
        with invocation.open_store() as store:
            return store.write_example(dialogue.messages, dialogue.system, name)

    saved = _written(TEMPLATE, save)
    click.echo(saved)
    note(
        "The example is accepted; the next tune learns it."
        if not name
        else f"The example is in the data set {name}; learn it with: localai tune --data {name}"
    )


@click.command()
@click.argument("id")
@click.pass_obj
def edit(invocation: Invocation, id: str) -> None:
    """Change an example, in your editor or piped in.

    Of a correction and a good answer the answer is edited, of others the whole dialogue.
    """
    from localai.lessons import dialogue
    from localai.lessons.mending import mend

    with invocation.open_store() as store:
        example = store.example(id)
        path = [stored.message for stored in store.path(example.leaf)]
        if example.source in ("correction", "good", "bad"):
            if path[-1].calls:
                raise UsageError(
                    "This example is a call of a tool; correct the answer again to change it."
                )

            def save(text: str) -> str:
                return mend(store, example, text.rstrip("\n")).id

            made = _written(path[-1].text, save)
        else:
            head = store.conversation(example.conversation).system
            before = dialogue.write(dialogue.Dialogue(head, tuple(path)))

            def rewrite(text: str) -> str:
                changed = dialogue.read(text)
                return store.rewrite_example(example.id, changed.messages, changed.system)

            made = _written(before, rewrite)
    click.echo(made)
    note("The example is changed; it has the new id above.")


def piped() -> bool:
    """Whether the text comes from a pipe or a file instead of an editor."""
    return not sys.stdin.isatty()


def _read() -> str:
    return prompt.told(prompt.read_piped(sys.stdin.buffer))


def _written(text: str, save: Callable[[str], T]) -> T:
    """What `save` makes of the text that the user writes. Raises UsageError when nothing is."""
    typed = not piped()
    changed = click.edit(text, extension=".md") if typed else _read()
    if changed is None or not changed.strip() or changed == text:
        raise UsageError(NOT_WRITTEN)
    try:
        return save(changed)
    except LocalaiError as error:
        if not typed:
            raise
        raise UsageError(f"{error} What you wrote is kept in {_keep(changed)}.") from error


def _keep(text: str) -> str:
    """Save a text in a file of its own, outside the history; its path."""
    number, path = tempfile.mkstemp(prefix="localai-", suffix=".md")
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)
    return path
