"""What the model itself answers, in a form that is worth learning again.

Greedy, and told of whatever the place tells it. An answer that goes on too long ends with its
last whole sentence, one that begins to repeat itself before it does; one with a call is no use.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from localai.conversation import Message, assistant, user
from localai.evals.asking import Asker
from localai.evals.making import Tell
from localai.evals.task import Answer, Example, Manner, Place

LONGEST = 56
"""Tokens of an answer."""

SHORTEST = 12
"""Characters of an answer that was cut."""

_SENTENCE = re.compile(r"[^.!?]*[.!?]+[\"')]*(?=\s|$)")


def own_answers(
    place: Place, asked: Sequence[Example], tell: Tell
) -> dict[str, tuple[Message, ...]]:
    """Questions with the model's answers, by the questions' ids."""
    asker = Asker(place, Manner(max_tokens=LONGEST), tools=True)
    found = dict[str, tuple[Message, ...]]()
    for done, (at, _, answer) in enumerate(asker.answers(asked), start=1):
        tell(done, len(asked))
        if text := sound(answer, place.toolbox.tools):
            found[asked[at].id] = (user(asked[at].question), assistant(text))
    return found


def sound(answer: Answer, tools: Collection[str]) -> str:
    """What can be learned of an answer, "" for nothing."""
    if answer.calls or any(f"{name}(" in answer.text for name in tools):
        return ""
    sentences = [each.strip() for each in _SENTENCE.findall(answer.text)]
    fresh = list[str]()
    for sentence in sentences:
        if sentence in fresh:
            break
        fresh.append(sentence)
    if answer.ended and fresh == sentences:
        return answer.text.strip()
    cut = " ".join(fresh)
    return cut if len(cut) >= SHORTEST else ""
