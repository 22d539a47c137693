"""A run's report as Markdown, for the terminal, the app and a file. Pure.

Texts of models and people are shown as they are: nothing in them is markup or drives a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from localai.counted import counted
from localai.evals.stats import Estimate
from localai.measures import STATES, duration, score
from localai.moments import WHEN, local
from localai.morning import rounds, wording
from localai.morning.history import Night, pools
from localai.morning.values import Learned, Morning, Point, Shift
from localai.morning.verdict import Asked
from localai.sanitize import clean, one_line
from localai.sparkline import sparkline
from localai.store.discovering import Round

MOST_LISTED = 20
LONGEST = 160
"""Characters of a question in a line."""
SPARKS = 40
_MARKUP = re.compile(r"[\\`*_\[\]<>#|~&!]")
_OPENS = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")
NOTHING = "(nothing)"
MEANING = "Shares of right answers with the intervals in which they lie with 95 %."


def report(morning: Morning) -> str:
    """All of it, ending with a line end."""
    return "\n\n".join(part for part in _parts(morning) if part) + "\n"


def table_of(nights: Sequence[Night]) -> str:
    """All runs with their scores by pool, the newest first."""
    names = pools(nights)
    models = len({night.model for night in nights}) > 1
    heads = ["when", "", *(["model"] if models else []), *map(inline, names)]
    rows = []
    for night in reversed(nights):
        state = night.adapter or STATES[night.state].lower()
        model = [inline(night.model)] if models else []
        right = {score.pool: score.right for score in night.scores}
        cells = [spanned(right[name]) if name in right else "" for name in names]
        rows.append([local(night.ended).strftime(WHEN), inline(state), *model, *cells])
    return f"# All tunes\n\n{_table(heads, rows)}\n"


def inline(text: str, most: int = LONGEST) -> str:
    """A text on one line of Markdown, as it is, cut where it is long."""
    return _MARKUP.sub(r"\\\g<0>", one_line(text, most))


def quoted(text: str) -> str:
    """A text of several lines as a quotation, as it is."""
    lines = clean(text).strip().splitlines() or [NOTHING]
    escaped = (_MARKUP.sub(r"\\\g<0>", line.strip()) for line in lines)
    return "\n".join(f"> {_OPENS.sub(_broken, line)}".rstrip() for line in escaped)


def spanned(estimate: Estimate) -> str:
    """A share with its interval: 88 % (70 to 96)."""
    low, high = 100 * estimate.low, 100 * estimate.high
    return f"{score(estimate.value)} ({low:.0f} to {high:.0f})"


def _broken(match: re.Match[str]) -> str:
    """What would open a list or a heading, escaped."""
    space, mark = match.groups()
    return f"{space}\\{mark}" if not mark.isdigit() else f"{space}{mark}\\"


def _parts(morning: Morning) -> Iterator[str]:
    yield f"# {wording.title(morning)}"
    scores = wording.scores(morning.shifts)
    yield f"**{inline(wording.headline(morning))}** {inline(scores)}".rstrip()
    yield inline(wording.why(morning), 1000)
    yield one_line(morning.next_step)  # ours: its commands are marked as code
    yield from _shifts(morning.shifts, ("Before and after", "before", MEANING))
    yield from _shifts(morning.since, (wording.SINCE, "bare", wording.ALL_TUNES))
    yield from _learned(morning)
    yield from _lost(morning.lost)
    yield from _changed(morning.changed)
    yield from _training(morning)
    yield from _rounds(morning.rounds)
    yield from _stages(morning)


def _shifts(shifts: Sequence[Shift], words: tuple[str, str, str]) -> Iterator[str]:
    """A table of them; the `words` are the heading, what they are compared with, and what that
    means."""
    if not shifts:
        return
    heading, before, meaning = words
    yield f"## {heading}"
    rows = [
        [
            inline(each.pool),
            f"{each.by.n:,}",
            spanned(each.before),
            spanned(each.after),
            "{:+.0f} ({:+.0f} to {:+.0f})".format(
                *(100 * value for value in (each.by.value, each.by.low, each.by.high))
            ),
            "" if each.passed else "✗",
        ]
        for each in shifts
    ]
    heads = ["", "n", before, "after", "points", ""]
    width = len(heads) - all(each.passed for each in shifts)
    yield _table(heads[:width], [row[:width] for row in rows])
    yield meaning
    for each in shifts:
        if not each.passed:
            counts = f"{each.by.won:,} won, {each.by.lost:,} lost of {each.by.n:,}"
            yield f"✗ {inline(each.pool)}: {counts}; allowed: {inline(each.rule)}."


def _learned(morning: Morning) -> Iterator[str]:
    own = morning.learned
    if not own and not morning.sets and not morning.gone:
        return
    yield f"## {wording.learned(morning)}"
    told = [f"{counted(len(own), 'example')} of your own" for _ in own[:1]]
    told += [
        f"{counted(n, 'example')} of the set {inline(name)}" for name, n in morning.sets.items()
    ]
    if morning.gone:
        told.append(f"{morning.gone:,} that the history does not have any more")
    if morning.duplicates:
        told.append(f"{morning.duplicates:,} more that say the same were left out")
    yield f"From {', '.join(told)}."
    yield "\n".join(map(_lesson, own[:MOST_LISTED]))
    if len(own) > MOST_LISTED:
        yield f"and {len(own) - MOST_LISTED:,} more"


def _lesson(each: Learned) -> str:
    change = f"{inline(each.said)} → " if each.said else "→ "
    new = " (new)" if each.new else ""
    return (
        f"- {inline(each.question)}{new}  \n  {change}{inline(each.wanted) or 'a call of a tool'}"
    )


def _lost(lost: Sequence[Asked]) -> Iterator[str]:
    if not lost:
        return
    yield "## What got worse"
    yield f"{counted(len(lost), 'question')} answered right before, and wrong by what was made."
    yield "\n".join(
        f"- {inline(each.question)} ({inline(each.pool)})  \n"
        f"  {inline(each.current.text) or NOTHING} → {inline(each.candidate.text) or NOTHING}"
        for each in lost[:MOST_LISTED]
    )
    if len(lost) > MOST_LISTED:
        yield f"and {len(lost) - MOST_LISTED:,} more"


def _changed(changed: Sequence[Asked]) -> Iterator[str]:
    if not changed:
        return
    yield "## Answers that changed most"
    for each in changed:
        yield f"**{inline(each.question)}** ({inline(each.pool)})"
        for name, said in (("Before", each.current), ("After", each.candidate)):
            yield f"{name}, {'right' if said.right else 'wrong'}:"
            yield quoted(said.text)


def _training(morning: Morning) -> Iterator[str]:
    if not morning.losses:
        return
    yield "## How training went"
    first, last = morning.losses[0], morning.losses[-1]
    line = sparkline([each.value for each in morning.losses], SPARKS)
    steps = counted(len(morning.losses), "step")
    yield f"Loss {first.value:.2f} → {last.value:.2f} in {steps}: {line}"
    if morning.held_out:
        best = min(morning.held_out, key=_value)
        yield f"Of what was held out it was least after step {best.step}: {best.value:.2f}."


def _value(point: Point) -> float:
    return point.value


def _rounds(found: Sequence[Round]) -> Iterator[str]:
    if not found:
        return
    yield "## Rounds of rejection sampling"
    yield _table(rounds.HEADS, [rounds.cells(each) for each in found])
    yield rounds.MEANING
    told = [(each.number, why) for each in found if (why := rounds.dropped(each))]
    if told:
        yield "Sampled and not learned:"
        yield "\n".join(f"- round {number}: {inline(why, 1000)}" for number, why in told)


def _stages(morning: Morning) -> Iterator[str]:
    if morning.stages:
        yield "## How long it took"
        rows = [[inline(each.name), duration(each.seconds)] for each in morning.stages]
        yield _table(["", "time"], rows)
    facts = []
    if morning.memory:
        facts.append(f"at most {morning.memory / 1e9:.1f} GB of memory in training")
    if (parity := morning.parity) is not None and parity.kl is not None:
        facts.append(f"MLX against llama.cpp: KL {parity.kl:.4f} over {parity.n:,} positions")
    if morning.device:
        facts.append(f"trained by {inline(morning.device)}")
    told = "; ".join(facts)
    yield f"{told[:1].upper()}{told[1:]}." if told else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Names at the left, numbers at the right."""
    marks = ["---", *("---:" for _ in heads[1:])]
    lines = [heads, marks, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
