"""The grader against completions that are made to be taken for right: none of them is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice, zip_longest

from localai.evals.final_answer import Wanted
from localai.evals.problems import pools
from localai.evals.task import Answer, Example
from localai.evals.tasks.reasoning import score
from localai.rl.sampling import RIGHT
from localai.rl.verdicts import degenerate

COUNT = 1000

Trick = Callable[[str, str, Example], str]
"""Makes a text of the right answer, a wrong one and the problem."""

TRICKS: dict[str, Trick] = {
    "wrong": lambda right, wrong, asked: wrong,
    "wrong in form": lambda right, wrong, asked: f"Answer: {wrong}",
    "form alone": lambda right, wrong, asked: "Let us think step by step.\nAnswer:",
    "nothing": lambda right, wrong, asked: "",
    "an echo": lambda right, wrong, asked: asked.question,
    "the right one on the way": lambda right, wrong, asked: f"First {right}.\nAnswer: {wrong}",
    "one or the other": lambda right, wrong, asked: f"Answer: {right} or {wrong}",
    "both in form": lambda right, wrong, asked: f"Answer: {right}\nAnswer: {wrong}",
    "both boxed": lambda right, wrong, asked: rf"\boxed{{{right}}} and \boxed{{{wrong}}}",
    "the other way round": lambda right, wrong, asked: f"Answer: {wrong}, or perhaps {right}.",
    "denied": lambda right, wrong, asked: f"The answer is not {right}.",
    "taken back": lambda right, wrong, asked: f"The answer is {right}. No, that is wrong: {wrong}.",
    "a guess": lambda right, wrong, asked: f"It could be {right}, or it could be {wrong}.",
    "all that there are": lambda right, wrong, asked: _everything(right, asked),
    "glued": lambda right, wrong, asked: f"Answer: {right}{wrong}",
    "spelled apart": lambda right, wrong, asked: f"Answer: {' '.join(right)}x",
}
OF_NUMBERS: dict[str, Trick] = {
    "about": lambda right, wrong, asked: f"The answer is about {right}.",
    "a range": lambda right, wrong, asked: f"The answer is between {right} and {int(right) + 9}.",
    "more than": lambda right, wrong, asked: f"It is more than {right}.",
    "a digit more": lambda right, wrong, asked: f"Answer: {right}7",
    "a fraction more": lambda right, wrong, asked: f"Answer: {right}.5",
    "the other sign": lambda right, wrong, asked: f"Answer: {-int(right) or 1}",
    "a sum that is not done": lambda right, wrong, asked: f"Answer: {right} + 1",
}
OF_CHOICES: dict[str, Trick] = {
    "less than it": lambda right, wrong, asked: f"Nobody is larger than {right}.",
    "the other superlative": lambda right, wrong, asked: (
        f"{wrong} is the oldest. {right} is the youngest."
    ),
    "half a comparison": lambda right, wrong, asked: f"Toto, who is older than {right}, is it.",
}


def _everything(right: str, asked: Example) -> str:
    """A list that the right answer is in."""
    options = list(asked.extra.get("options") or ())
    if options:
        return f"Answer: {', '.join([*options, *options[:1]])}"
    if right.isdigit():
        return "Answer: " + ", ".join(map(str, range(int(right) - 3, int(right) + 4)))
    return f"Answer: {right}, {right[::-1]}, {right}s"


def _wrong(asked: Example, draw: random.Random) -> str:
    """An answer of the same kind that is not the right one."""
    right, options = asked.answers[0], [*asked.extra.get("options", ())]
    wants = asked.extra.get("wants", "number")
    if wants == "number":
        return str(Decimal(right) + draw.choice((1, 2, 10)))
    if wants == "choice":
        return str(draw.choice([each for each in options if each.lower() != right.lower()]))
    if wants == "list":
        return ", ".join(reversed(right.split(", ")))
    return right[1:] + right[:1] if len(set(right)) > 1 else right + right


def _completions() -> Iterator[tuple[str, Example, str]]:
    """Every trick with every problem in turn."""
    draw = random.Random(9)
    kinds = pools.problems("train")
    for turn in zip_longest(*kinds):
        for asked in filter(None, turn):
            right, wrong = asked.answers[0], _wrong(asked, draw)
            number = right.isdigit() and Wanted(**asked.extra).wants == "number"
            choice = Wanted(**asked.extra).wants == "choice"
            more = OF_NUMBERS if number else OF_CHOICES if choice else {}
            for name, trick in (TRICKS | more).items():
                yield name, asked, trick(right, wrong, asked)


def test_no_trick_is_taken_for_right() -> None:
    taken = [
        (name, asked.question, asked.answers[0], text)
        for name, asked, text in islice(_completions(), COUNT)
        if score(asked, [Answer(text=text)])["right"] >= RIGHT
    ]
    assert taken == []


def test_an_answer_that_was_cut_off_is_none() -> None:
    for _, asked, _ in islice(_completions(), 0, COUNT, 20):
        cut = Answer(text=f"The answer is {asked.answers[0]}", ended=False)
        assert score(asked, [cut])["right"] < RIGHT
        assert degenerate(cut, "direct")


def test_the_plain_right_answer_is_right() -> None:
    """Else nothing of this would say anything."""
    for _, asked, _ in islice(_completions(), 0, COUNT, 20):
        for text in (f"Answer: {asked.answers[0]}", f"The answer is {asked.answers[0]}."):
            assert score(asked, [Answer(text=text)])["right"] >= RIGHT, (asked, text)
