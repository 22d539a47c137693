"""What came of a run in few words, the same in a report, on the terminal and in the app. Pure;
the texts of others are clean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from localai.counted import counted
from localai.measures import score
from localai.moments import local
from localai.morning.shifts import shifts
from localai.morning.values import Morning, Shift
from localai.morning.verdict import CORRECTIONS, verdict
from localai.sanitize import clean, one_line
from localai.store.tuning import Run, RunState

BARE = "the bare model"
SINCE = "Beside the bare model"
ALL_TUNES = "The same questions, answered by the model as it came: what all tunes together changed."
MOST_NAMED = 2
"""Pools whose scores are told in a sentence."""
EVENING, MORNING = 20, 10
"""Hours between which it is night."""


def title(morning: Morning) -> str:
    """When it began."""
    began = local(morning.began)
    return f"Tune of {began.day} {began:%B %Y, %H:%M}"


def headline(morning: Morning) -> str:
    """Who answers now, and why; of a run that changed nothing also who did when it ended."""
    answers = one_line(morning.answers) or BARE
    if morning.state == "promoted":
        made = one_line(morning.adapter) or "an adapter that is gone"
        if made == answers:
            return f"{made} answers now."
        return f"It made {made}; {answers} answers now."
    said: dict[RunState, str] = {
        "rejected": "It changed nothing",
        "failed": "It failed",
        "stopped": "It was stopped",
        "interrupted": "It was cut off",
        "running": "It is running",
    }
    answered = one_line(morning.answered) or BARE
    if answered == answers:
        return f"{said[morning.state]}; {answers} answers as before."
    return f"{said[morning.state]}; {answered} answered then, {answers} answers now."


def learned(morning: Morning) -> str:
    """The heading of what it learned, or would have, had it been let in."""
    return "What it learned" if morning.state == "promoted" else "What it was to learn"


def why(morning: Morning) -> str:
    """The gate's sentence, or what went wrong; "" for neither."""
    return clean(morning.reason or morning.error)


def scores(shifts: Sequence[Shift]) -> str:
    """What was learned and what was lost: "corrections 12 % → 88 % (n 25), nothing lost.\""""
    main = [each for each in shifts if each.pool == CORRECTIONS]
    main = main or [each for each in shifts if each.by.low > 0][:MOST_NAMED]
    others = [each for each in shifts if each not in main]
    told = [
        f"{one_line(each.pool)} {score(each.before.value)} → {score(each.after.value)} "
        f"(n {each.by.n:,})"
        for each in main
    ]
    if others:
        told.append(_lost(others))
    return f"{', '.join(told)}." if told else ""


def news(run: Run, adapter: str, now: float, *, goes_on: bool = False) -> tuple[str, ...]:
    """An ended run for whoever comes back: who answers and the scores, or one line with why
    nothing changed. `adapter` is the name of what it made; `goes_on`: the next one can go on with
    one that was stopped."""
    when, judged = moment(run.updated, now), verdict(run.verdict)
    if run.state == "promoted":
        told = scores(shifts(judged.pools if judged else ()))
        return (f"{when}: {one_line(adapter)} answers now.", *([told] if told else []))
    reason = one_line(run.error or (judged.reason if judged else ""))
    said = {
        "rejected": "nothing changed.",
        "failed": "the tune failed.",
        "interrupted": "the tune was cut off before it had come to training.",
    }
    more = " The next one goes on with it." if goes_on and run.state == "stopped" else ""
    return (f"{when}: {said.get(run.state, 'the tune was stopped.')} {reason}".rstrip() + more,)


def no_tune(when: float, why_not: str, now: float) -> str:
    """A night on which none began, and why, in a line."""
    return f"{moment(when, now)}: no tune began. {one_line(why_not)}"


def moment(then: float, now: float) -> str:
    """When something was: Last night, Today 14:05, 12 Mar 03:12."""
    was, is_ = local(then), local(now)
    same_evening = was.date() == is_.date() and was.hour >= EVENING
    night = was.hour >= EVENING or was.hour < MORNING
    if night and not same_evening and timedelta(0) <= is_ - was < timedelta(days=1):
        return "Last night"
    day = "Today" if was.date() == is_.date() else f"{was.day} {was:%b}"
    return f"{day} {was:%H:%M}"


def _lost(others: Sequence[Shift]) -> str:
    """How much of everything else was lost."""
    lost, won = (sum(getattr(each.by, name) for each in others) for name in ("lost", "won"))
    if not lost:
        return "nothing lost"
    asked = counted(sum(each.by.n for each in others), "other question")
    return f"{lost:,} of {asked} lost, {won:,} won"
