"""Reports as HTML pages that need nothing else: no scripts, no fonts, no network."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from localai.evals import plots, wording
from localai.evals.pages import environment
from localai.evals.plots import Dot, Plot
from localai.evals.stats import Estimate
from localai.measures import STATES, duration, score
from localai.moments import WHEN, local
from localai.morning import rounds
from localai.morning import wording as told
from localai.morning.curves import Curves, Spot, curves
from localai.morning.history import Night, over_time, pools
from localai.morning.values import Morning, Point, Shift

MOST_TICKS = 6


def page(morning: Morning | None, nights: Sequence[Night]) -> str:
    """The page of a run, with what all runs came to; that alone where no run is meant."""
    text = resources.files("localai.morning").joinpath("data/morning.html").read_text("utf-8")
    return (
        environment()
        .from_string(text)
        .render(
            title=told.title(morning) if morning else "All tunes",
            morning=morning,
            headline=told.headline(morning) if morning else "",
            scores=told.scores(morning.shifts) if morning else "",
            why=told.why(morning) if morning else "",
            learned=told.learned(morning) if morning else "",
            shifts=[_shift(each) for each in morning.shifts] if morning else [],
            since=[_shift(each) for each in morning.since] if morning else [],
            beside=(told.SINCE, told.ALL_TUNES),
            picture_of=_pools(morning.shifts) if morning and morning.shifts else None,
            loss=_loss(morning) if morning and morning.losses else None,
            rates=_rates(morning) if morning and len(morning.rounds) > 1 else None,
            heads=rounds.HEADS,
            meaning=rounds.MEANING,
            rounds=[(rounds.cells(each), rounds.dropped(each)) for each in morning.rounds]
            if morning
            else [],
            stages=[(each.name, duration(each.seconds)) for each in morning.stages]
            if morning
            else [],
            trends=_trends(nights),
            names=pools(nights),
            nights=[_night(night, pools(nights)) for night in reversed(nights)],
        )
    )


def _shift(each: Shift) -> dict[str, object]:
    by = each.by
    return {
        "pool": each.pool,
        "n": f"{by.n:,}",
        "before": score(each.before.value),
        "after": score(each.after.value),
        "by": wording.points(by.value),
        "span": wording.span(by.low, by.high, sign=True),
        "won": f"{by.won:,}",
        "lost": f"{by.lost:,}",
        "passed": each.passed,
        "rule": each.rule,
    }


def _pools(shifts: Sequence[Shift]) -> Plot:
    """Before and after of each pool, with intervals."""
    rows = [(each.pool, [_dot(each.before, 0), _dot(each.after, 1)]) for each in shifts]
    return plots.plot(rows, 0.0, 1.0, score)


def _dot(it: Estimate, side: int) -> Dot:
    return Dot(it.value, it.low, it.high, _said(it), side)


def _said(it: Estimate) -> str:
    return f"{score(it.value)} ({wording.span(it.low, it.high)}), n = {it.n:,}"


def _loss(morning: Morning) -> Curves:
    """The loss of each step, and of what is held out."""
    every = (*morning.losses, *morning.held_out)
    series = [(0, _spots(morning.losses)), (1, _spots(morning.held_out))]
    steps = (morning.losses[0].step, morning.losses[-1].step)
    most = plots.around([point.value for point in every])
    return curves(series, 0.0, most, wording.plain, [(step, f"step {step:,}") for step in steps])


def _spots(points: Sequence[Point]) -> list[Spot]:
    return [Spot(each.step, each.value, each.value, each.value) for each in points]


def _rates(morning: Morning) -> Curves:
    """Shares by round: right on average, of problems with any right answer, of other problems."""
    found: list[tuple[int, list[Spot]]] = [(0, []), (1, []), (2, [])]
    for each in morning.rounds:
        values = (each.pass_1, each.pass_n, each.dev)
        for (_, spots), value in zip(found, values, strict=True):
            if value is not None:
                spots.append(Spot(each.number, value, value, value, score(value)))
    below = [(each.number, f"round {each.number}") for each in morning.rounds]
    return curves(found, 0.0, 1.0, score, _thinned(below))


def _trends(nights: Sequence[Night]) -> list[tuple[str, Curves]]:
    """The scores of each pool with what was let in, over time, for each model."""
    found = []
    models = tuple(dict.fromkeys(night.model for night in nights))
    for model in models:
        own = [night for night in nights if night.model == model]
        for pool in pools(own):
            scored = over_time(own, pool)
            if len(scored) > 1:
                title = f"{pool} ({model})" if len(models) > 1 else pool
                found.append((title, _trend(scored)))
    return found


def _trend(scored: Sequence[tuple[Night, Estimate]]) -> Curves:
    spots = [
        Spot(at, it.value, it.low, it.high, f"{night.adapter}: {_said(it)}")
        for at, (night, it) in enumerate(scored)
    ]
    below = [(at, night.adapter) for at, (night, _) in enumerate(scored)]
    return curves([(1, spots)], 0.0, 1.0, score, _thinned(below))


def _thinned(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """As many as there is room for, the last one among them."""
    step = -(-len(ticks) // MOST_TICKS) or 1
    return list(ticks[::-1][::step])[::-1]


def _night(night: Night, names: Sequence[str]) -> tuple[str, str, str, list[str]]:
    right = {score.pool: score.right for score in night.scores}
    made = night.adapter or STATES[night.state].lower()
    cells = [score(right[name].value) if name in right else "" for name in names]
    return local(night.ended).strftime(WHEN), made, night.reason, cells
