"""Questions of the user's own, from a file, scored by what each line gives.

The questions are the same in every pool, unless `tune.problems` names the file: whether else they
were learned from is the user's to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from localai.evals import question_file
from localai.evals.abstention import abstains
from localai.evals.averages import means
from localai.evals.judging import accepted
from localai.evals.matching import matches
from localai.evals.mentions import amount, numbers, plain
from localai.evals.problems import own
from localai.evals.task import Answer, Example, Measure, Place, Pool, Scores, Task

MEASURES = (
    Measure("right", "everything that the line asks for"),
    Measure("abstained", "says that it does not know, where nobody can"),
    Measure("false_abstained", "says that it does not know, where there is an answer", "less"),
    Measure("tool", "calls first the tool that it should, or none"),
    Measure("arguments", "calls it with what it should"),
)


def read(path: Path) -> Task:
    """The task of a file. Raises UsageError, naming the line, for what cannot be used."""
    every = question_file.questions(path)

    def examples(place: Place, pool: Pool) -> Sequence[Example]:
        if path.resolve() not in {each.resolve() for each in place.settings.tune.problems}:
            return every
        return [each for each in every if own.asked_in(each, pool)]

    return Task(
        name=path.name,
        about=f"The questions in {path.name}.",
        measures=MEASURES,
        examples=examples,
        score=score,
        tools=any(each.tool is not None for each in every),
    )


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """What the answers to a question come to, on average."""
    return means([_score(example, answer) for answer in answers])


def _score(example: Example, answer: Answer) -> Scores:
    found = Scores()
    right = []
    if example.unanswerable:
        found["abstained"] = float(abstains(answer.text))
        right.append(found["abstained"])
    elif example.answers or example.pattern:
        found["false_abstained"] = float(abstains(answer.text))
        right.append(float(_told(example, answer.text)))
    called = calls(example, answer)
    return {"right": min(*right, *called.values(), 1.0), **found, **called}


def calls(example: Example, answer: Answer) -> Scores:
    """Whether the first call is of the tool that it should be, and with what it should; nothing
    where that is not asked."""
    if example.tool is None:
        return {}
    called = answer.calls[0] if answer.calls else None
    found = {"tool": float((called.name if called else "") == example.tool)}
    if example.arguments:
        given = called.arguments if called and found["tool"] else {}
        found["arguments"] = float(
            all(_same(wanted, given.get(name)) for name, wanted in example.arguments.items())
        )
    return found


def _told(example: Example, text: str) -> bool:
    """Whether a text has one of the answers in it, or what the expression says."""
    if any(_says(text, each) for each in example.answers):
        return True
    return bool(example.pattern) and matches(example.pattern, text)


def _says(text: str, answer: str) -> bool:
    """Whether the words stand in the text, or the number, however it is written."""
    worth = amount(answer)
    if worth is not None and any(amount(each.value) == worth for each in numbers(plain(text))):
        return True
    return accepted((answer,), Answer(text=text))


def _same(wanted: Any, given: Any) -> bool:
    """Whether two arguments are the same, but for case and blanks, and how a number is written."""
    one, other = (" ".join(str(each).split()).casefold() for each in (wanted, given))
    return one == other or (amount(one) is not None and amount(one) == amount(other))
