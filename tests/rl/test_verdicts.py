"""Why an answer that is right is not learned from all the same."""

from __future__ import annotations

import pytest

from localai.evals.task import Answer, Called
from localai.rl import verdicts


def test_a_lean_right_answer_is_fine() -> None:
    assert verdicts.degenerate(Answer(text="5"), "direct") == ""
    assert verdicts.degenerate(Answer(text="2 + 3 = 5."), "direct") == ""


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(text="5", ended=False), verdicts.UNFINISHED),
        (Answer(text="5 <|im_end|>"), verdicts.MARKUP),
        (Answer(text="5\n5\n5"), verdicts.REPEATED),
        (Answer(text="5\nUser: And 3 + 4?"), verdicts.INVENTED),
        (Answer(text="5", reasoning="2 and 3 <end_of_turn>"), verdicts.MARKUP),
        (Answer(text="so it is the case that 5 " * 3), verdicts.REPEATED),
    ],
)
def test_what_would_teach_something_bad(answer: Answer, why: str) -> None:
    assert verdicts.degenerate(answer, "direct") == why


def test_steps_are_wanted_where_they_are_asked_for() -> None:
    assert verdicts.degenerate(Answer(text="5"), "steps") == verdicts.UNSUPPORTED
    assert verdicts.degenerate(Answer(text="5", reasoning="2 + 3 = 5"), "steps") == ""
    call = Called("calculator", {"expression": "2 + 3"}, "5", ok=True)
    assert verdicts.degenerate(Answer(text="5", calls=(call,)), "steps") == ""
