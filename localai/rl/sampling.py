"""Samples answers to problems side by side, checks them, and chooses what is learned.

The engine answers with the adapter in force. Nothing is written here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property

from msgspec.structs import replace

from localai.evals.asking import Asker, Said
from localai.evals.task import Example, Manner, Place, Task
from localai.lessons import sampled
from localai.rl import edge, verdicts
from localai.rl.edge import Rates
from localai.rl.leanest import Choose, leanest
from localai.rl.problems import cell_of
from localai.store.discovering import KEPT, Attempt

LONGER = "longer than others"
RIGHT = 0.99
"""From this score on an answer is right: partial credit is none."""

Tell = Callable[[int, int], None]


class Sampler:
    """Has the task's problems answered in a manner; at most `most` answers of each are kept, by
    `choose`, of those that are so by the task's first measure: right, but in a control. Whether
    one is right is what the task scores as "right"."""

    def __init__(
        self, place: Place, task: Task, manner: Manner, most: int, choose: Choose = leanest
    ) -> None:
        self._place, self._task, self._manner = place, task, manner
        self._most, self._choose = most, choose

    def attempts(self, asked: Sequence[Example], rates: Rates, tell: Tell) -> list[Attempt]:
        """All samples of all problems, as many as their cells' rates want; and what of them is
        learned."""
        counts = [self._count(rates, each) for each in asked]
        asker = Asker(self._place, self._manner, tools=self._task.tools, logprobs=True)
        said = defaultdict[int, list[Said]](list)
        for number, each in enumerate(asker.said(asked, counts), start=1):
            said[each.at].append(each)
            tell(number, sum(counts))
        return [it for at, each in enumerate(asked) for it in self._judged(each, said[at])]

    def _count(self, rates: Rates, example: Example) -> int:
        rate = rates.get(cell_of(example))
        return edge.samples(rate) if rate else edge.FIRST

    def _judged(self, example: Example, said: Sequence[Said]) -> list[Attempt]:
        """The samples of one problem, each with what becomes of it."""
        found = {each.sample: self._judge(example, each) for each in said}
        right = [each for each in found.values() if not each.outcome]
        by_sample = {each.sample: each for each in said}
        learned = {
            each.sample: self._learned(each, by_sample[each.sample])
            for each in self._choose(right, self._most)
        }
        longer = {each.sample: replace(each, outcome=LONGER) for each in right}
        return [(found | longer | learned)[sample] for sample in sorted(found)]

    def _judge(self, example: Example, said: Said) -> Attempt:
        answer = said.answer
        scores = self._task.score(example, [answer])
        wanted = scores[self._task.measures[0].name] >= RIGHT
        prompt = said.asked.prompt.ids
        return Attempt(
            problem=example.id,
            sample=said.sample,
            kind=example.kind,
            level=example.level,
            question=example.question,
            text=answer.raw,
            ids=(*prompt, *answer.ids),
            spans=((len(prompt), len(prompt) + len(answer.ids)),),
            tokens=answer.tokens,
            logprob=said.likely,
            right=scores["right"] >= RIGHT,
            outcome=verdicts.degenerate(answer, self._manner.style) if wanted else verdicts.WRONG,
        )

    def _learned(self, attempt: Attempt, said: Said) -> Attempt:
        """The attempt as the model is to say it, to its end marker."""
        whole = sampled.whole(said.asked.prompt, said.answer.ids, self._end)
        return replace(attempt, outcome=KEPT, ids=whole.ids, spans=_spans(whole.weights))

    @cached_property
    def _end(self) -> tuple[int, ...]:
        return sampled.end_marker(self._place.engine)


def _spans(weights: Sequence[float]) -> tuple[tuple[int, int], ...]:
    """Where the weights are not 0: begin and end of each stretch."""
    found = list[tuple[int, int]]()
    for at, weight in enumerate(weights):
        if not weight:
            continue
        if found and found[-1][1] == at:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return tuple(found)
