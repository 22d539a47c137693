"""The parts of the learning screen as styled text. Pure; the screen only places them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from localai.measures import chance, gate_notes, measures, percent, score
from localai.morning.verdict import Pool, Verdict
from localai.sanitize import one_line
from localai.sparkline import sparkline
from localai.store.tuning import Adapter, Run
from tui.learning.values import Lesson, Overview
from tui.learning.words import difference, shorten, when

BARE = "the bare model"
CALL = "(a call of a tool)"
HERE, ELSEWHERE = "● ", "  "
WIDEST_BAR = 40
SPARKS = 24
MOST_TRENDS = 4
FAINT = "$foreground 60%"
STATES = {
    "running": "$accent",
    "promoted": "$success",
    "rejected": "$warning",
    "failed": "$error",
    "stopped": "$warning",
    "interrupted": "$warning",
}
COLUMNS = ("n", "now", "new", "±", "won", "lost", "p")
NUMBER = 6
"""Cells of a column of numbers."""


def headline(overview: Overview, width: int) -> Content:
    """The screen's name at the left, what answers at the right."""
    name = overview.adapter.name if overview.adapter else BARE
    title, answers = Content.styled("Learning", "bold $primary"), Content(f"{name} answers")
    gap = max(2, width - title.cell_length - answers.cell_length)
    return Content.assemble(title, " " * gap, answers)


def progress(overview: Overview, width: int) -> Content:
    """Two lines: what the running tune does, and how far it is; or how to start one."""
    run = overview.runs[0] if overview.runs else None
    if run is None or run.state != "running":
        return Content.styled(f"{_waiting(overview)}\n", FAINT)
    share = percent(run.progress)
    done = f"  {share} %" if share is not None else ""
    head = Content.assemble(
        Content.styled("● ", "$accent"), one_line(run.progress.stage) or "starting", done
    )
    numbers = measures(run.progress)
    sparks = sparkline(overview.losses, min(SPARKS, width // 4))
    if sparks:
        numbers.insert(0, sparks)
    tail = "   ".join(numbers)
    room = min(WIDEST_BAR, width - len(tail) - 3)
    return Content.assemble(head, "\n", bar(share or 0, room), "   " if room > 3 else "", tail)


def _waiting(overview: Overview) -> str:
    """What may come, while no tune runs."""
    if overview.starting:
        return "A tune is starting."
    if (run := overview.unfinished) is None:
        return "No tune is running; t starts one."
    share = percent(run.progress)
    done = f" at {share} %" if share is not None else ""
    return f"The tune of {when(run.created)} is unfinished{done}; g goes on with it."


def bar(share: int, room: int) -> Content:
    """How far something is, in percent, on so many cells."""
    if room <= 3:
        return Content("")
    filled = room * share // 100
    return Content.assemble(
        Content.styled("▰" * filled, "$primary"), Content.styled("▱" * (room - filled), FAINT)
    )


def lessons(rows: Sequence[Lesson], width: int) -> Content:
    """What waits, two lines each: the question, then the answer or what became of it."""
    if not rows:
        return Content.styled("None. Press e on an answer to correct it.", FAINT)
    lines: list[Content] = []
    for row in rows:
        lines.append(Content.styled(shorten(one_line(row.question), width), FAINT))
        lines.append(_change(row, width) if row.rejected else _answer(row, width))
    return Content("\n").join(lines)


def _change(row: Lesson, width: int) -> Content:
    old, new = difference(row.rejected, row.chosen)
    half = max(1, (width - 5) // 2)
    return Content.assemble(
        f"  {shorten(old, half)}",
        Content.styled(" → ", "$accent"),
        shorten(new, max(half, width - 5 - len(old))),
    )


def _answer(row: Lesson, width: int) -> Content:
    answer = one_line(row.chosen) or CALL
    return Content.assemble(Content.styled("  → ", "$accent"), shorten(answer, width - 4))


def adapter_row(adapter: Adapter | None, active: bool) -> Content:
    """An adapter with its age, or the bare model."""
    mark = Content.styled(HERE if active else ELSEWHERE, "$success")
    if adapter is None:
        return Content.assemble(mark, BARE)
    made = Content.styled(when(adapter.created), FAINT)
    return Content.assemble(mark, f"{one_line(adapter.name):<10}", made)


def trends(found: Sequence[tuple[str, Sequence[float]]], width: int) -> Content:
    """Shares right with one adapter after the other, a line each: pool, bars, the last one."""
    lines = []
    names = [shorten(one_line(name), max(8, width // 2)) for name, _ in found[:MOST_TRENDS]]
    first = max(map(len, names), default=0) + 2
    for name, (_, values) in zip(names, found, strict=False):
        bars = sparkline(values, max(1, width - first - 6))
        pool = f"{name:<{first}}"
        lines.append(Content.assemble((pool, FAINT), (bars, "$primary"), f" {score(values[-1])}"))
    return Content("\n").join(lines)


def run_row(run: Run, names: Mapping[str, str], verdict: Verdict | None, width: int) -> Content:
    """When a run began, how it ended, what it made, why. `names`: adapters by id."""
    head = f"{when(run.created):<14}"
    state = f"{run.state:<13}"
    name = f"{names.get(run.adapter, ''):<10}"
    why = one_line(run.error or (verdict.reason if verdict else ""))
    if run.state == "running":
        why = one_line(run.progress.stage)
    room = max(0, width - len(head) - len(state) - len(name))
    return Content.assemble(
        Content.styled(head, FAINT),
        Content.styled(state, STATES[run.state]),
        name,
        shorten(why, room) if room else "",
    )


def verdict_text(run: Run | None, verdict: Verdict | None, width: int) -> Content:
    """Why a run was promoted or not, and every number of its gate in a table."""
    if run is None:
        return Content("")
    if verdict is None:
        said = one_line(run.error) or "There is no verdict: this run did not come to its gate."
        return Content.styled(said if run.state != "running" else "", FAINT)
    colour = STATES["promoted" if verdict.promoted else "rejected"]
    word = "Promoted" if verdict.promoted else "Not promoted"
    reason = one_line(verdict.reason)
    head = Content.assemble(Content.styled(word, colour), f": {reason}" if reason else "")
    close = sum(pool.close for pool in verdict.pools)
    if notes := gate_notes(verdict.stage, verdict.targets, close):
        told = Content.styled(one_line(" ".join(notes)), FAINT)
        head = Content("\n").join([head, told])
    if not verdict.pools:
        return head
    first = min(
        max(len(one_line(pool.name)) for pool in verdict.pools),
        max(8, width - NUMBER * len(COLUMNS) - 12),
    )
    titles = "".join(f"{title:>{NUMBER}}" for title in COLUMNS)
    table = [Content.styled(f"{'':<{first}}{titles}  allowed", FAINT)]
    table += [_pool_row(pool, first, width) for pool in verdict.pools]
    return Content("\n").join([head, *table])


def _pool_row(pool: Pool, first: int, width: int) -> Content:
    name = f"{shorten(one_line(pool.name), first):<{first}}"
    numbers = (
        f"{pool.n:,}",
        score(pool.current, pool.unit),
        score(pool.candidate, pool.unit),
        score(pool.se, pool.unit),
        f"{pool.won:,}",
        f"{pool.lost:,}",
        chance(pool.adjusted),
    )
    cells = "".join(f"{number:>{NUMBER}}" for number in numbers)
    tolerance = shorten(one_line(pool.tolerance), max(0, width - first - len(cells) - 2))
    return Content.assemble(name, cells, Content.styled(f"  {tolerance}", FAINT))
