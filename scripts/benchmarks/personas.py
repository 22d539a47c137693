"""Whether other data make another behaviour: a pirate and a butler, of 60 examples each.

Of those 6 are held out, as of any data set. Both are tuned from the same model and answer
questions of topics that neither was taught, the adapter switched before every answer in a
chat that stays open. A plain rule over words, which sees the text alone, says who spoke
(`styles`). With both off the answers must be letter by letter those from before. Each round
adds a ninth of the examples and of the questions, so `--rounds 1` is a trial.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from scripts.benchmarks.rows import Row, share
from scripts.benchmarks.school import School, ask, school
from scripts.benchmarks.styles import BUTLER, PIRATE, pairs, prompts, told_apart

ALL = 60
PARTS = 9
TURNS = 6
"""Of a conversation in which both speak in turn."""


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """The tunes, then who is recognised, then the bare model."""
    part = min(1.0, rounds / PARTS)
    asked = prompts()[: math.ceil(part * len(prompts()))]
    with school(model) as pupil:
        before = pupil.answers(asked, "")
        adapters = dict[str, str]()
        for style in (PIRATE, BUTLER):
            done = pupil.teach(style.name, pairs(style, math.ceil(part * ALL)))
            adapters[style.name] = done.adapter
            minutes, name = done.seconds / 60, f"the whole tune of the {style.name}"
            yield [
                Row(name, minutes, "minutes"),
                Row(f"the gate lets it in: {done.reason}", float(done.passed), "yes or no"),
            ]
        yield [
            share("told apart, each question to both", _switching(pupil, adapters, asked), bar=0.9),
            share("told apart, in turn in the same conversation", _in_turn(pupil, adapters, asked)),
        ]
        after = pupil.answers(asked, "")
        same = [was == now for was, now in zip(before, after, strict=True)]
        taken = [bool(told_apart(text)) for text in after]
        yield [
            share("answers as before with both off", same, bar=1),
            share("answers of the bare model that are taken for either", taken),
        ]


def _switching(pupil: School, adapters: dict[str, str], asked: list[str]) -> list[bool]:
    """Each question in new conversations, answered by the one and by the other."""
    found = []
    with pupil.chat() as session:
        for question in asked:
            for name, adapter in adapters.items():
                pupil.use(adapter)
                found.append(told_apart(ask(session, question)) == name)
    return found


def _in_turn(pupil: School, adapters: dict[str, str], asked: list[str]) -> list[bool]:
    """The questions in conversations of some turns, in which both answer in turn."""
    found, names = [], list(adapters)
    with pupil.chat() as session:
        for turn, question in enumerate(asked):
            name = names[turn % len(names)]
            pupil.use(adapters[name])
            found.append(told_apart(ask(session, question, anew=turn % TURNS == 0)) == name)
    return found
