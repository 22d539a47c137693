"""The model's own right stepwise answers to problems of the training pool.

Rejection sampling: each problem is answered several times, what is wrong or does not end is
dropped, and the leanest that is left is kept. Problems that a guess among a few candidates gets
right are left out, because a right answer there says nothing of the steps before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from localai.chat import steps
from localai.conversation import Message, Reasoning, Text, assistant, user
from localai.evals.asking import Asker, roomy
from localai.evals.making import Made, Tell
from localai.evals.task import Answer, Example, Manner, Place
from localai.evals.tasks.reasoning import examples, is_right

SAMPLES = 8
BATCH = 8
"""Problems that are asked at once: as many answers as the sampler likes to have side by side, and
no more than are wanted."""

MANNER = Manner(style="steps", samples=SAMPLES, temperature=0.8, max_tokens=200)


def make(place: Place, n: int, tell: Tell) -> Sequence[Made]:
    """Up to n dialogues of one question each; fewer where the model gets fewer right."""
    asked = [each for each in examples(place, "train") if each.extra["wants"] != "choice"]
    return [(talk, "written") for talk in islice(_right_ones(place, asked, tell), n)]


def _right_ones(
    place: Place, asked: Sequence[Example], tell: Tell
) -> Iterator[tuple[Message, ...]]:
    info = place.engine.load()
    asker = Asker(place, roomy(MANNER, info), tools=False)
    for begin in range(0, len(asked), BATCH):
        some = asked[begin : begin + BATCH]
        kept: dict[int, Answer] = {}
        for at, _, answer in asker.answers(some):
            known = kept.get(at)
            if _good(some[at], answer) and (known is None or answer.tokens < known.tokens):
                kept[at] = answer
        tell(begin + len(some), len(asked))
        for at, answer in sorted(kept.items()):
            yield _dialogue(some[at], answer, thinks=info.thinking is not None)


def _good(example: Example, answer: Answer) -> bool:
    """Whether an answer ended by itself, has steps, and is right."""
    return answer.ended and bool(answer.reasoning.strip()) and is_right(example, answer)


def _dialogue(example: Example, answer: Answer, *, thinks: bool) -> tuple[Message, ...]:
    """The question as the chat asks it when steps are wanted, and what was answered."""
    if thinks:
        said = Message("assistant", (Reasoning(answer.reasoning), Text(answer.text)))
        return user(example.question), said
    (asked,) = steps.instructed([user(example.question)], steps.STEPS)
    return asked, assistant(answer.raw.strip())
