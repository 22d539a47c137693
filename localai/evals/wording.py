"""Numbers of evaluations in words, the same in the terminal and in a report. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator

from localai.counted import counted
from localai.evals.running import label
from localai.evals.stats import Estimate
from localai.evals.summary import Compared, Number, Summary
from localai.evals.task import Scores
from localai.store.evaluated import EvalRun

PER_RIGHT = "tokens per right answer"
VERDICTS = {"better": "better", "worse": "worse", "other": "differs", "same": "not told apart"}


def amount(value: float, unit: str = "") -> str:
    """A share in percent, or a number with its unit."""
    if not unit:
        return f"{100 * value:.1f} %"
    return f"{plain(value)} {unit}"


def plain(value: float) -> str:
    """Three digits, more before the point if there are."""
    if not math.isfinite(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def points(value: float, unit: str = "", *, sign: bool = True) -> str:
    """A difference or an error, in percentage points where `amount` is in percent."""
    how = "+" if sign else ""
    return format(value, f"{how}.3g") if unit else format(100 * value, f"{how}.1f")


def span(low: float, high: float, unit: str = "", *, sign: bool = False) -> str:
    """An interval."""
    return f"{points(low, unit, sign=sign)} to {points(high, unit, sign=sign)}"


def told(number: Number) -> tuple[str, str, str]:
    """Value with standard error, 95 % interval, n."""
    it, unit = number.estimate, number.unit
    error = points(it.error, unit, sign=False)
    return f"{amount(it.value, unit)} ± {error}", span(it.low, it.high, unit), f"{it.n:,}"


def counted_tokens(estimate: Estimate) -> tuple[str, str, str]:
    """Likewise, of tokens."""
    error = points(estimate.error, "tokens", sign=False)
    span_ = span(estimate.low, estimate.high, "tokens")
    return f"{plain(estimate.value)} ± {error}", span_, f"{estimate.n:,}"


def numbers(summary: Summary) -> Iterator[tuple[str, str, str, str, str]]:
    """Of every number of a run: name, value with standard error, 95 % interval, n, about."""
    for each in (*summary.measures, *summary.derived):
        yield each.name, *told(each), each.about
    for name, estimate in (("tokens", summary.tokens), (PER_RIGHT, summary.per_right)):
        if estimate is not None:
            yield name, *counted_tokens(estimate), ""


def scores(found: Scores) -> str:
    """The scores of one item."""
    return ", ".join(f"{name} {plain(value)}" for name, value in found.items())


def apart(number: Compared) -> tuple[str, str, str, str, str, str]:
    """First, second, difference with standard error, 95 % interval, p, verdict."""
    it, unit = number.difference, number.unit
    error = points(it.error, unit, sign=False)
    return (
        amount(it.first, unit),
        amount(it.second, unit),
        f"{points(it.value, unit)} ± {error}",
        span(it.low, it.high, unit, sign=True),
        "< 0.001" if it.p < 0.001 else f"{it.p:.3f}",
        VERDICTS[number.verdict],
    )


def heading(run: EvalRun) -> str:
    """What was evaluated."""
    of = run.of
    asked = counted(run.items, "question")
    state = "" if run.state == "done" else f", {run.state}"
    return f"{of.task} ({of.pool}, {asked}{state}): {of.model}, {label(of)}"
