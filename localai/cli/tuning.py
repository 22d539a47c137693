"""How a tune run looks in the terminal: its progress while it goes on, its verdict after."""

from __future__ import annotations

from typing import Any, TextIO

from localai.cli.progress import Progress as Line
from localai.measures import STATES, chance, gate_notes, measures, score
from localai.morning import wording
from localai.sanitize import clean, one_line
from localai.store.tuning import Progress, Run

BAR = 12
"""Cells, so that all the numbers have room on a line of 80."""


class Watcher:
    """Shows progress on `stream`: one line that changes on a terminal, a line for each stage
    elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._line = stream, Line(stream, delay=0.0)
        self._stage = ""

    def close(self) -> None:
        """Take the line away."""
        self._line.clear()

    def tell(self, progress: Progress) -> None:
        """Show how far the run is."""
        if self._stream.isatty():
            self._line.show(progress_line(progress))
        elif progress.stage != self._stage:
            self._stream.write(f"{progress.stage}\n")
            self._stream.flush()
        self._stage = progress.stage


def progress_line(progress: Progress) -> str:
    """Stage, bar, loss, speed, time left, as far as they are known."""
    parts = [progress.stage[:1].upper() + progress.stage[1:]]
    if progress.total:
        filled = BAR * progress.done // progress.total
        parts.append("━" * filled + "─" * (BAR - filled))
        parts.append(f"{progress.done}/{progress.total}")
    return "  ".join((*parts, *measures(progress)))


def verdict(run: Run, adapter: str) -> str:
    """A run's end: what was decided, why, and the numbers of each pool."""
    found: dict[str, Any] = run.verdict or {}
    state = STATES[run.state] + (f": {adapter} answers from now on." if adapter else ".")
    lines = [state]
    lines += [clean(text) for text in (found.get("reason", ""), run.error) if text]
    return "".join(f"{line}\n" for line in (*lines, *numbers(found)))


def numbers(found: dict[str, Any]) -> list[str]:
    """The numbers of a verdict: of each pool, and of parity."""
    lines = list[str]()
    pools = found.get("pools", ())
    close = sum(pool.get("close", 0) for pool in pools)
    notes = gate_notes(found.get("stage", ""), found.get("targets", ()), close)
    lines += [one_line(note) for note in notes]
    if pools:
        first = max(12, *(len(one_line(pool["name"])) for pool in pools))
        lines += ["", f"{'':{first}}     n  before  after  won lost      p  rule"]
        lines += [_pool(pool, first) for pool in pools]
        if since := found.get("since", ()):
            lines += ["", f"{wording.SINCE}:", *(_pool(pool, first) for pool in since)]
    if parity := found.get("parity"):
        lines += [
            "",
            f"MLX against llama.cpp: KL {_kl(parity['kl'])}, same token {parity['same']:.1%} "
            f"of {parity['n']} positions.",
        ]
    return lines


def _kl(value: float | None) -> str:
    """A divergence; the store keeps None for one that is not finite."""
    return "?" if value is None else f"{value:.4f}"


def _pool(pool: dict[str, Any], first: int) -> str:
    mark = "" if pool["passed"] else " ✗"
    unit = pool.get("unit", "")
    return (
        f"{one_line(pool['name']):{first}}  {pool['n']:4}  {score(pool['current'], unit):>6} "
        f"{score(pool['candidate'], unit):>6}  {pool['won']:3} {pool['lost']:4}  "
        f"{chance(pool.get('adjusted')):>5}  {clean(pool['tolerance'])}{mark}"
    )
