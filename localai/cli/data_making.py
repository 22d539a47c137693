"""`localai data make`: data sets that are made with the model that is to learn from them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from localai.cli.confirm import confirm
from localai.cli.failure import note
from localai.cli.invocation import Invocation
from localai.cli.progress import Progress
from localai.counted import counted
from localai.errors import UsageError
from localai.evals.making import MOST

if TYPE_CHECKING:
    from localai.evals.making import Make
    from localai.store.store import Store

NOTHING = (
    "Nothing could be made: the model's answers are of no use for it; try another model, or a "
    "larger --n."
)


@click.command()
@click.argument("name")
@click.option(
    "--n",
    type=click.IntRange(1),
    default=MOST,
    metavar="N",
    show_default=True,
    help="At most so many examples.",
)
@click.option("--yes", is_flag=True, help="Replace what was made before without asking.")
@click.pass_obj
def make(invocation: Invocation, name: str, n: int, yes: bool) -> None:
    """Make a data set with the model's own answers, accepted.

    Made again, it replaces the one that was made before. Nothing is learned by it:
    `localai tune sft --data NAME` does that.
    """
    from localai.evals import making

    maker = making.find(name)
    with invocation.open_store() as store:
        there = len(store.examples(name=name))
        if there and not yes:
            confirm(
                f"Replace the {counted(there, 'example')} of the data set {name}?",
                f"The data set {name} is there already; replace it with --yes.",
            )
        count = _made(invocation, store, name, maker, n)
    note(f"{counted(count, 'example')} accepted; learn them with: localai tune sft --data {name}")


def _made(invocation: Invocation, store: Store, name: str, maker: Make, n: int) -> int:
    """Have the bare model help to make it; how many examples it has."""
    from localai import config
    from localai.chat.open import open_toolbox
    from localai.chat.prompt import system_text
    from localai.evals import making
    from localai.evals.task import Place

    settings = config.load()
    opened = invocation.open_session(store, settings, model=invocation.model, private=True)
    with closing(opened) as session, closing(open_toolbox(settings)) as toolbox, telling() as tell:
        session.engine.use_adapter("", "")
        place = Place(session.engine, session.entry, settings, store, toolbox)
        made = maker(place, n, tell)
        if not made:
            raise UsageError(NOTHING)
        for remark in making.remarks(name, place):
            note(remark)
        system = system_text(settings, session.entry.description)
        return len(store.replace_set(name, made, system))


@contextmanager
def telling() -> Iterator[Callable[[int, int], None]]:
    """What says on stderr how many of how many questions are answered."""
    line = Progress(sys.stderr)
    try:
        yield lambda done, total: line.show(f"{done} of {total} questions answered")
    finally:
        line.clear()
