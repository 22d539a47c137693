"""Whether facts are learned: 60 invented ones in three phrasings each, by one tune.

They are examples of the user's own, learned as corrections are. Asked are phrasings that no
fact is taught in, and common knowledge, before and after. A tune on the same facts with
shuffled answers shows that only what is taught is learned. Each round adds a ninth of the
facts and of the common knowledge, so `--rounds 1` is a trial. The settings are the product's
own; variables like LOCALAI_TUNE__EPOCHS try others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from localai.evals.judging import accepted
from localai.evals.task import Answer
from scripts.benchmarks.facts import CONTROLS, Fact, facts
from scripts.benchmarks.rows import Row, share
from scripts.benchmarks.school import School, Taught, school

ALL = 60
PARTS = 9
BUDGET = 20 * 60
"""Seconds of a tune."""


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """What is known before, after, and after learning wrong answers."""
    taught = facts(math.ceil(min(1.0, rounds / PARTS) * ALL))
    controls = CONTROLS[: math.ceil(min(1.0, rounds / PARTS) * len(CONTROLS))]
    with school(model) as pupil:

        def known(adapter: str) -> list[bool]:
            said = pupil.answers([each.question for each in controls], adapter)
            return [_right(each.accept, text) for each, text in zip(controls, said, strict=True)]

        before = known("")
        yield [share("held-out phrasings, before", _asked(pupil, taught, ""))]
        done = _teach(pupil, taught)
        yield [
            share(f"held-out phrasings, {len(taught)} facts", _asked(pupil, taught, done.adapter),
                  bar=0.7),
            _kept(before, known(done.adapter)),
            *_tune(done),
        ]  # fmt: skip
    with school(model) as pupil:
        wrong = _teach(pupil, facts(len(taught), shuffled=True))
        found = _asked(pupil, taught, wrong.adapter)
        yield [share("held-out phrasings, taught wrong", found, bar=0.05, better="low")]


def _teach(pupil: School, taught: Sequence[Fact]) -> Taught:
    pairs = [(asked, each.told) for each in taught for asked in each.taught]
    return pupil.teach("", pairs, BUDGET)


def _asked(pupil: School, taught: Sequence[Fact], adapter: str) -> list[bool]:
    """Whether each held-out phrasing of each fact is answered right."""
    pairs = [(asked, each.word) for each in taught for asked in each.asked]
    said = pupil.answers([asked for asked, _ in pairs], adapter)
    return [_right([word], text) for (_, word), text in zip(pairs, said, strict=True)]


def _right(accept: Sequence[str], text: str) -> bool:
    return accepted(accept, Answer(text=text))


def _kept(before: list[bool], after: list[bool]) -> Row:
    """Points that common knowledge lost, with the standard error of the paired difference."""
    differences = [was - now for was, now in zip(before, after, strict=True)]
    n = len(differences)
    mean = sum(differences) / n
    spread = math.sqrt(sum((each - mean) ** 2 for each in differences) / n / n)
    return Row(
        f"common knowledge lost, of {sum(before)} right before (± {100 * spread:.1f})",
        100 * mean, "points", bar=3, better="low", n=n,
    )  # fmt: skip


def _tune(done: Taught) -> list[Row]:
    return [
        Row("the whole tune", done.seconds / 60, "minutes", bar=20, better="low"),
        Row(f"the gate lets it in: {done.reason}", float(done.passed), "yes or no"),
    ]
