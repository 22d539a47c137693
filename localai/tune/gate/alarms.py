"""What no number of questions has to prove: a model that has plainly gone wrong.

Looked for in the first few answers, and again in all of them. A habit counts only where the new
model has it mostly and the present one far more seldom. Pure, plain rules over words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from localai.counted import counted
from localai.evals.abstention import abstains
from localai.evals.judging import repeats
from localai.evals.slips import invented_turn, marker
from localai.tune.gate.rules import CHANCE, more_than
from localai.tune.gate.verdict import Heard, Said

MOSTLY = 0.6
"""Share of the new model's answers that make a habit."""

FAR_APART = 0.5
"""Share of the answers by which the present model must have less of it."""

ENOUGH = 6
"""Answers from which a habit is told."""

LEAKED = 0.05
"""Share of answers that may tell what was learned where nobody asked for it; more must be more
than chance."""

_CALL = re.compile(
    r"^\W{0,3}(?:\w+\(\w+ ?=|\{\s*\"name\")|<\|?tool_call|\[TOOL_CALLS\]", re.MULTILINE
)
_WORD = re.compile(r"\w+")


class Habit(NamedTuple):
    """What a model does wrong, in words, by what an answer shows it, and in which pools (none
    named: all)."""

    words: str
    shows: Callable[[Said], bool]
    pools: tuple[str, ...] = ()


def _calls(said: Said) -> bool:
    return bool(said.answer.calls or _CALL.search(said.answer.raw or said.answer.text))


def _marked(said: Said) -> bool:
    answer = said.answer
    return bool(marker(answer.raw or answer.text) or invented_turn(answer.text))


HABITS = (
    Habit("says nothing", lambda said: not _words(said)),
    Habit("never ends", lambda said: not said.answer.ended),
    Habit("goes in circles", lambda said: repeats(_words(said))),
    Habit("writes markers or turns of the user's", _marked),
    Habit(
        "refuses what it should know", lambda said: abstains(said.answer.text), ("known", "general")
    ),
    Habit("calls tools where none is wanted", _calls, ("tools",)),
    Habit("calls tools where none is wanted", _calls, ("known", "unknown", "general", "hygiene")),
)


def alarm(heard: Sequence[Heard], secrets: frozenset[str] = frozenset()) -> str:
    """The first thing that has plainly gone wrong, as a sentence; "" for nothing. `secrets` are
    words that the user's own corrections taught."""
    asked = [each for each in heard if not each.rule.unit]
    for habit in HABITS:
        pools = [each for each in asked if not habit.pools or each.name in habit.pools]
        before, after = _sides(pools)
        if habit.pools == ("tools",):
            before, after = ([said for said in side if said.spares] for side in (before, after))
        found = _shocked(habit, before, after)
        if found:
            return found
    general = [each for each in asked if each.general]
    return _echo(*_sides(general)) or _leak(general, secrets)


def _shocked(habit: Habit, before: Sequence[Said], after: Sequence[Said]) -> str:
    n = len(after)
    was, now = (sum(map(habit.shows, side)) for side in (before, after))
    if n < ENOUGH or now < MOSTLY * n or now - was < FAR_APART * n:
        return ""
    return (
        f"The new model {habit.words}: in {now} of {counted(n, 'answer')}, where the present one "
        f"does in {was}."
    )


def _echo(before: Sequence[Said], after: Sequence[Said]) -> str:
    """Whether the same is said to nearly everything."""
    n = len(after)
    if n < ENOUGH:
        return ""
    was, now = (Counter(" ".join(_words(said)) for said in side) for side in (before, after))
    (_, times), (_, usual) = now.most_common(1)[0], was.most_common(1)[0]
    if times < MOSTLY * n or times - usual < FAR_APART * n:
        return ""
    return f"The new model says the same to {times} of {counted(n, 'question')}."


def _leak(heard: Sequence[Heard], secrets: frozenset[str]) -> str:
    """Whether what was learned is told to questions that have nothing to do with it."""
    pairs = [pair for each in heard for pair in zip(each.before, each.after, strict=True)]
    usual = {
        word for was, _ in pairs for word in (*_words(was), *_WORD.findall(was.question.casefold()))
    }
    told = sum(not (secrets - usual).isdisjoint(_words(now)) for _, now in pairs)
    if more_than(LEAKED, told, len(pairs)) > CHANCE:
        return ""
    return (
        f"The new model tells what it learned where nobody asked for it: in {told} of "
        f"{counted(len(pairs), 'answer')} to general questions."
    )


def _sides(pools: Sequence[Heard]) -> tuple[list[Said], list[Said]]:
    """All answers of the present model, and all of the new one."""
    before = [said for each in pools for said in each.before]
    return before, [said for each in pools for said in each.after]


def _words(said: Said) -> list[str]:
    return _WORD.findall(said.answer.text.casefold())
