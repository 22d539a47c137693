"""`localai styles`: which way of answering a model is more often right in.

Asks the problems of the evaluation `reasoning` and keeps nothing but what it found out, in the
settings. Tables and JSON go to stdout, progress to stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import click

from localai.cli.failure import note
from localai.cli.invocation import Invocation

if TYPE_CHECKING:
    from localai.cli.tuning import Watcher
    from localai.evals.styles import Kind, Told
    from localai.evals.task import Example, Manner, Outcome, Place

MOST = 48
"""Problems of each kind; there are no more in the pool that is to choose by."""

KEPT = "Kept in the settings as styles.{name}; an open app goes by it after a restart."
NONE_BETTER = "In no kind is one way better beyond what chance would bring."


@click.group()
def styles() -> None:
    """Find out in which way of answering a model is more often right."""


def _options(command: Any) -> Any:
    """What both commands have."""
    of_each = click.IntRange(1, MOST)
    command = click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)
    command = click.option(
        "--max-tokens", type=click.IntRange(1), default=256, show_default=True,
        help="Longest answer, reasoning under a budget not counted.",
    )(command)  # fmt: skip
    return click.option(
        "--n", type=of_each, default=MOST, show_default=True, help="Problems of each kind."
    )(command)


@styles.command()
@_options
@click.option("--dry-run", is_flag=True, help="Change no setting.")
@click.pass_obj
def find(invocation: Invocation, n: int, max_tokens: int, as_json: bool, dry_run: bool) -> None:
    """Ask the same problems directly and step by step, and keep which is better by kind.

    Only what chance would hardly bring counts (p < 0.01). Redoing an answer step by step and
    `localai ask --style auto` go by it.
    """
    from localai.cli import record
    from localai.evals.styles import STYLES, by_kind
    from localai.evals.task import Manner

    with _asking(invocation) as (place, watcher):
        asked = _problems(place, n)
        manners = [Manner(style=style, max_tokens=max_tokens) for style in STYLES]
        direct, steps = (_asked(place, asked, each, each.style, watcher) for each in manners)
    found = by_kind(direct, steps)
    if as_json:
        click.echo(record.dumps([_as_json(each) for each in found]))
    else:
        _show(("kind", "n", *_headings("direct"), *_headings("steps"), "p", "better"),
              map(_row, found))  # fmt: skip
    if not dry_run:
        _keep(place.entry.name, found)


@styles.command()
@_options
@click.pass_obj
def budgets(invocation: Invocation, n: int, max_tokens: int, as_json: bool) -> None:
    """Ask the same problems with no thinking and with at most 64, 256 and 1,024 tokens of it.

    For models that reason by a format of their own.
    """
    import msgspec

    from localai.cli import record
    from localai.evals.budgets import under, usable
    from localai.evals.styles import told
    from localai.evals.task import Manner

    with _asking(invocation) as (place, watcher):
        asked = _problems(place, n)
        found: dict[int, Told] = {}
        for budget in usable(place.engine.load(), place.entry.name):
            manner = under(Manner(max_tokens=max_tokens), budget)
            found[budget] = told(_asked(place, asked, manner, _named(budget), watcher))
    if as_json:
        rows = [{"budget": budget} | msgspec.to_builtins(it) for budget, it in found.items()]
        click.echo(record.dumps(rows))
        return
    _show(
        ("thinking", "n", "right", "tokens", "per right one"),
        ((_named(budget), str(it.right.n), *_numbers(it)) for budget, it in found.items()),
    )


@contextmanager
def _asking(invocation: Invocation) -> Iterator[tuple[Place, Watcher]]:
    """Where it is asked, by the adapter that answers now."""
    from localai import config
    from localai.chat.adapters import prepare
    from localai.cli.tuning import Watcher
    from localai.evals.running import place_of

    settings = config.load()
    with invocation.memory_store() as store:
        opened = invocation.open_session(store, settings, model=invocation.model, private=True)
        with closing(opened) as session, closing(Watcher(sys.stderr)) as watcher:
            prepare(session.engine, store, session.entry)
            yield place_of(session), watcher


def _problems(place: Place, n: int) -> list[Example]:
    """The first so many of each kind, of the pool that is to choose by."""
    from localai.evals.tasks import find as find_task

    taken: dict[str, int] = {}
    found: list[Example] = []
    for each in find_task("reasoning").examples(place, "dev"):
        taken[each.kind] = taken.get(each.kind, 0) + 1
        if taken[each.kind] <= n:
            found.append(each)
    return found


def _asked(
    place: Place, asked: Sequence[Example], manner: Manner, name: str, watcher: Watcher
) -> list[Outcome]:
    from localai.evals.asking import ask
    from localai.evals.tasks import find as find_task
    from localai.store.tuning import Progress

    found: list[Outcome] = []
    stage = f"asking {len(asked)} problems, {name}"
    watcher.tell(Progress(stage, 0, len(asked)))
    for outcome in ask(place, find_task("reasoning"), asked, manner):
        found.append(outcome)
        watcher.tell(Progress(stage, len(found), len(asked)))
    return found


def _keep(model: str, found: Sequence[Kind]) -> None:
    """Write what was found out into the settings."""
    from localai import config
    from localai.evals.styles import kept

    before = config.load().styles.get(model, config.StyleSettings())
    now = kept(before, found)
    for style, kinds in now.model_dump().items():
        if kinds != getattr(before, style):
            config.save(("styles", model, style), kinds)
    known = [f"{', '.join(kinds)}: {style}" for style, kinds in now.model_dump().items() if kinds]
    note(NONE_BETTER if not known else f"{'; '.join(known)}. {KEPT.format(name=model)}")


def _as_json(kind: Kind) -> dict[str, Any]:
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(kind)
    return told | {"better": kind.better}


def _named(budget: int) -> str:
    return f"at most {budget:,}" if budget else "off"


def _headings(style: str) -> tuple[str, ...]:
    return style, "tokens", "per right one"


def _row(kind: Kind) -> tuple[str, ...]:
    cells = (*_numbers(kind.direct), *_numbers(kind.steps))
    name, n, p = kind.name or "all", str(kind.apart.n), f"{kind.apart.p:.3f}"
    return name, n, *cells, p, kind.better or ""


def _numbers(told: Told) -> tuple[str, str, str]:
    """Share of right answers, tokens, tokens for a right one, each with its standard error."""
    per = told.per_right
    return (
        f"{told.right.value:.2f} ± {told.right.error:.2f}",
        f"{told.tokens.value:.0f} ± {told.tokens.error:.0f}",
        f"{per.value:,.0f} ± {per.error:,.0f}" if per else "",
    )


def _show(headings: Sequence[str], rows: Iterable[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for at, heading in enumerate(headings):
        table.add_column(heading, justify="right" if at else "left")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 120, highlight=False).print(table)
