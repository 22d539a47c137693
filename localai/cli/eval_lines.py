"""Evaluations as tables and as JSON: runs in a list, one with its numbers, two side by side."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from localai.cli.evaluating import Pair
from localai.evals import looking, wording
from localai.evals.looking import Beside, Looked, beside, look, wanted
from localai.evals.running import label
from localai.evals.summary import Summary
from localai.evals.task import Outcome, Scores
from localai.moments import WHEN, local, utc
from localai.sanitize import clean, one_line
from localai.store.evaluated import EvalRun
from localai.store.store import Store

COLUMNS = 120
"""Cells of a line where there is no terminal."""

LONGEST = 400
"""Characters of an answer that are shown."""


def show(parts: Sequence[RenderableType]) -> None:
    """Print, with a line between."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else COLUMNS)
    for at, part in enumerate(parts):
        if at:
            console.print()
        console.print(part)


def pair(store: Store, run: str, other: str) -> Pair:
    """A run, and the one that is named or that it was made to be compared with."""
    found = store.eval_run(run)
    beside_it = other or found.against
    return Pair(found, store.eval_run(beside_it) if beside_it else None)


def looked(store: Store, found: Pair) -> tuple[Looked, Looked | None]:
    """The same with all answers."""
    return look(store, found.run), look(store, found.other) if found.other else None


def listed(runs: Iterable[EvalRun]) -> Table:
    """A line for each run."""
    table = _table("run", "when", "task", "pool", "model", "asked", "result", right=(5,))
    for run in runs:
        of = run.of
        cells = (of.task, of.pool, f"{of.model}, {label(of)}")
        when = local(run.created).strftime(WHEN)
        table.add_row(
            run.short_id, when, *map(one_line, cells), f"{run.items:,}", one_line(_result(run))
        )
    return table


def told(store: Store, found: Pair, worst: int = 0) -> RenderableType:
    """A run's numbers, with those of the one it is compared with, and its worst answers."""
    run, other = looked(store, found)
    sides = [run] if other is None else [other, run]
    parts = list[RenderableType]()
    for each in sides:
        title = Text.assemble(
            (one_line(wording.heading(each.run)), "bold"), (f"  {each.run.short_id}", "dim")
        )
        parts += [title, *_numbers(each.summary), ""]
    if other is not None:
        parts += [*_apart(beside(other, run), run.main.name), ""]
    for outcome in looking.worst(run, other, worst):
        parts += [_case(outcome), ""]
    return Group(*parts[:-1])


def run_as_json(run: EvalRun) -> dict[str, Any]:
    """A run without its answers. Keys are only ever added."""
    of = run.of
    return {
        "run": run.id,
        "task": of.task,
        "pool": of.pool,
        "style": of.style,
        "manner": of.manner,
        "seed": of.seed,
        "n": of.wanted,
        "model": of.model,
        "base_sha256": of.base,
        "adapter": of.name or None,
        "adapter_sha256": of.adapter or None,
        "state": run.state,
        "created": utc(run.created),
        "updated": utc(run.updated),
        "against": run.against or None,
        "answered": run.items,
        "summary": run.summary,
    }


def as_json(store: Store, found: Pair) -> dict[str, Any]:
    """A run with all its answers; what sets it apart, and the other one likewise."""
    run, other = looked(store, found)
    told = run_as_json(run.run) | _items(run)
    if other is not None:
        apart = beside(other, run)
        told["compared"] = msgspec.to_builtins((*apart.numbers, *apart.kinds))
        told["other"] = run_as_json(other.run) | _items(other)
    return told


def _items(run: Looked) -> dict[str, Any]:
    main = run.main.name
    return {
        "summary": msgspec.to_builtins(run.summary),
        "items": [
            {
                "id": each.example.id,
                "kind": each.example.kind,
                "level": each.example.level,
                "question": each.example.question,
                "answer": each.answers[0].text if each.answers else None,
                "score": _finite(each.scores).get(main),
                "scores": _finite(each.scores),
                "tokens": sum(answer.tokens for answer in each.answers),
                "answers": [msgspec.to_builtins(answer) for answer in each.answers],
            }
            for each in run.outcomes
        ],
    }


def _finite(scores: Scores) -> dict[str, float | None]:
    """JSON has no other numbers."""
    return {name: value if math.isfinite(value) else None for name, value in scores.items()}


def _result(run: EvalRun) -> str:
    """The first measure, or how it stands."""
    if run.state != "done" or run.summary is None:
        return run.state
    first = msgspec.convert(run.summary, Summary).measures[:1]
    return "".join(f"{each.name} {wording.told(each)[0]}" for each in first)


def _numbers(summary: Summary) -> list[Table]:
    """Every number with its error; by kind and by level, if there are several."""
    table = _table("", "value", "95 %", "n", "", right=(1, 2, 3))
    for row in wording.numbers(summary):
        table.add_row(*map(one_line, row))
    tables = [table]
    for groups in (summary.kinds, summary.levels):
        if groups:
            main = summary.measures[0]
            table = _table(
                "", main.name, "95 %", "n", "tokens", wording.PER_RIGHT, right=range(1, 6)
            )
            for group in groups:
                it, per = group.estimate, group.per_right
                value = msgspec.structs.replace(main, estimate=it)
                tokens = "" if group.tokens is None else wording.plain(group.tokens)
                right = "" if per is None else wording.counted_tokens(per)[0]
                table.add_row(one_line(group.name), *wording.told(value), tokens, right)
            tables.append(table)
    return tables


def _apart(apart: Beside, main: str) -> list[RenderableType]:
    """How two runs differ: in every number, then in the first measure by kind."""
    first, second = map(one_line, apart.names)
    parts: list[RenderableType] = [Text(f"{second} beside {first}, on the same questions", "bold")]
    for name, numbers in (("", apart.numbers), (main, apart.kinds)):
        table = _table(name, first, second, "difference", "95 %", "p", "", right=range(1, 6))
        for each in numbers:
            table.add_row(one_line(each.name), *wording.apart(each))
        if numbers:
            parts.append(table)
    return parts


def _case(outcome: Outcome) -> Text:
    """A question, what was wanted, what was answered."""
    lines = [Text(clean(outcome.example.question)[:LONGEST], "bold")]
    if right := wanted(outcome.example):
        lines.append(Text(f"wanted: {one_line(right)}", "dim"))
    for answer in outcome.answers:
        lines += [Text(f"called {call.name}", "dim") for call in answer.calls]
        lines.append(Text(clean(answer.text)[:LONGEST] or "(nothing)"))
    lines.append(Text(wording.scores(outcome.scores), "dim"))
    return Text("\n").join(lines)


def _table(*headings: str, right: Iterable[int]) -> Table:
    """A table without lines, some columns of which are set to the right."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for at, heading in enumerate(headings):
        table.add_column(heading, justify="right" if at in right else "left")
    return table
