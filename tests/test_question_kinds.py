"""The kind of a question, told by its words."""

from __future__ import annotations

import pytest

from localai.evals.problems.pools import KINDS as ASKED
from localai.evals.problems.pools import problems
from localai.evals.task import Pool
from localai.question_kinds import KINDS, kind_of


def test_the_kinds_are_those_that_the_evaluation_asks() -> None:
    assert set(KINDS) == set(ASKED)


@pytest.mark.parametrize("pool", ["train", "dev", "gate"])
def test_what_the_evaluation_asks_is_told_apart(pool: Pool) -> None:
    for kind in problems(pool):
        for each in kind:
            assert kind_of(each.question) == each.kind, each.question


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("what's 2+2", "sums"),
        ("What is 17 * 23?", "products"),
        ("17 times 23 = ?", "products"),
        ("how much is 15% of 80", "percent"),
        ("Add 4821 and 9377.", "sums"),
        ("What is 1204 minus 389?", "differences"),
        ("how many r's in strawberry", "letters"),
        ("How many times does r occur in strawberry?", "letters"),
        ("Write hello backwards", "reversing"),
        ("Sort 3, 1, 2 in ascending order", "ordering"),
        ("Which is larger, 9.11 or 9.9?", "comparing"),
        ("2, 4, 8, 16: which number comes next?", "sequences"),
        ("What is 5 km in miles?", "units"),
        ("How many minutes are in 3 hours?", "units"),
        ("If today is Monday, what day is it in 100 days?", "weekdays"),
        ("I am 30 and my son is 25 years younger. How old is he?", "ages"),
        ("12 cookies are divided equally among 4 kids. How many does each get?", "sharing"),
        ("Tom has 3 apples, buys 5 more and eats 2. How many are left?", "stories"),
        ("Ann is taller than Bo. Bo is taller than Cy. Who is the tallest?", "logic"),
        ("I pay 20 dollars for a 13 dollar book. How much do I get back?", "change"),
        ("What is the capital of France?", None),
        ("Explain the difference between TCP and UDP.", None),
        ("How old is the universe?", None),
        ("What changed in Python 3.11?", None),
        ("Give me 10 ideas, in order of cost.", None),
        ("Summarize the sequence of events in Hamlet.", None),
        ("How many days are there from 2026-01-01 to 2026-03-15?", None),
        ("Write a poem about the next morning.", None),
        ("Add a test and put it in the folder.", None),
        ("", None),
    ],
)
def test_questions_as_people_ask_them(question: str, kind: str | None) -> None:
    assert kind_of(question) == kind
