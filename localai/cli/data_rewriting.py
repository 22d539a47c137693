"""`localai data rewrite`: the model's own words for questions, found, shown and dropped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from localai.cli.failure import note
from localai.cli.invocation import Invocation
from localai.cli.progress import Progress
from localai.counted import counted
from localai.errors import LocalaiError, UsageError

if TYPE_CHECKING:
    from localai.store.store import Store
    from localai.store.tuning import Rewrites, StoredExample

NOTHING = (
    "Nothing is left to be put in other words: the model is asked once for each question, on one "
    "line, whose accepted answer was corrected or written. Name an example to ask again."
)
NOT_MEANT = (
    "This cannot be put in other words: only a question on one line can be, of your own "
    "corrections and dialogues of a single answer."
)
OFF = "The setting tune.rewrites is 0, so none are learned; raise it to have some."


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--drop", type=click.IntRange(1), metavar="N", help="Do not learn number N.")
@click.option("--keep", type=click.IntRange(1), metavar="N", help="Learn dropped number N again.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.pass_obj
def rewrite(
    invocation: Invocation,
    ids: tuple[str, ...],
    drop: int | None,
    keep: int | None,
    as_json: bool,
) -> None:
    """Let the model put questions in other words, in which they are learned, too.

    Without an ID all accepted ones that it was not asked about yet, as a tune does by itself;
    with IDs those, anew.
    """
    numbers = [number for number in (drop, keep) if number is not None]
    if numbers and (len(numbers) > 1 or len(ids) != 1):
        raise UsageError("Drop or keep one way to ask of one example: give its ID and a number.")
    with invocation.open_store() as store:
        if numbers:
            example = store.example(ids[0])
            found = [(example, _decide(store, example, numbers[0], keep=keep is not None))]
        else:
            found = []
            try:
                found.extend(_find(invocation, store, ids))
            except (LocalaiError, KeyboardInterrupt):
                if found:  # they are kept, whatever became of the others
                    _print(found, as_json=as_json)
                raise
    _print(found, as_json=as_json)


def _decide(store: Store, example: StoredExample, number: int, *, keep: bool) -> Rewrites:
    """Drop or take back the one with this number."""
    now = store.rewrites(example.leaf)
    texts = () if now is None else now.dropped if keep else now.kept
    if number > len(texts):
        raise UsageError(
            f"There is no number {number}; `localai data show {example.id}` lists them."
        )
    return store.drop_rewrite(example.leaf, texts[number - 1])


def _find(
    invocation: Invocation, store: Store, ids: Sequence[str]
) -> Iterator[tuple[StoredExample, Rewrites]]:
    """Have the bare model look for them; those that were found, as they come."""
    from localai import config
    from localai.lessons import rewriting
    from localai.lessons.maker import maker_for

    meant = tuple(dict.fromkeys(store.example(id) for id in ids))
    if any(not rewriting.wanted(store, each) for each in meant):
        raise UsageError(NOT_MEANT)
    left = meant or rewriting.missing(store, store.examples(state="accepted", name="")[::-1])
    if not left:
        note(NOTHING)
        return
    settings = config.load()
    if not settings.tune.rewrites:
        raise UsageError(OFF)
    opened = invocation.open_session(store, settings, model=invocation.model)
    with closing(opened) as session, telling() as tell:
        session.engine.use_adapter("", "")
        maker = maker_for(session)
        for done, some in rewriting.batches(left):
            tell(done, len(left))
            yield from zip(some, rewriting.anew(store, some, maker), strict=True)


@contextmanager
def telling() -> Iterator[Callable[[int, int], None]]:
    """What says on stderr how many of how many questions are done."""
    line = Progress(sys.stderr)
    try:
        yield lambda done, total: line.show(f"{done} of {total} questions put in other words")
    finally:
        line.clear()


def _print(found: Sequence[tuple[StoredExample, Rewrites]], *, as_json: bool) -> None:
    from localai import config
    from localai.cli import example_lines, record
    from localai.sanitize import one_line

    if as_json:
        told = [
            {
                "id": each.id,
                "question": each.question,
                "kept": list(rewrites.kept),
                "dropped": list(rewrites.dropped),
            }
            for each, rewrites in found
        ]
        click.echo(record.dumps(told))
        return
    most = config.load().tune.rewrites
    for each, rewrites in found:
        lines = example_lines.rewritten(rewrites, most) or ["Nothing was found that asks the same."]
        click.echo("\n".join((f"{each.id}  {one_line(each.question)}", *lines, "")))
    if found:
        count = sum(len(rewrites.kept) for _, rewrites in found)
        note(f"{counted(len(found), 'question')}: {counted(count, 'way')} to ask kept.")
