"""Dialogues that teach to say "I don't know" where the model makes things up, and nowhere else.

What it gets right keeps its own answer, which it is asked for in each wording of the question;
what nobody can know gets a conservative one, and so does a little of what it always gets wrong. All
is of the training pools. How it talks otherwise is held by the replay of a tune, not here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import msgspec

from localai.conversation import Message, assistant, user
from localai.evals import boundary
from localai.evals.abstention import abstains
from localai.evals.asking import Asker
from localai.evals.knowledge import facts
from localai.evals.knowledge.pools import data, draw
from localai.evals.making import Made, Tell
from localai.evals.task import Answer, Example, Manner, Place
from localai.evals.tasks import unknown

KNOWN = 0.6
"""The share of dialogues about what is known: with less of them, easy facts are withheld, too."""

OFTEN = 0.4
"""How often the same words say that it is not known."""

WRONG = 0.05
"""Of what is not known, at most this share is facts that the model gets wrong: a small one can
hardly tell them from those that it gets right."""

ASKED = 1.2
"""So many facts are asked for each dialogue about one: about half turn out to be known, and these
are put in several wordings."""

GREEDY = Manner(max_tokens=48)

_SENTENCE = re.compile(r"(?<=\w{2}[.!?])\s+")

Talk = tuple[Message, ...]


def make(
    place: Place, n: int, tell: Tell, known: float = KNOWN, mistaken: float = WRONG
) -> Sequence[Made]:
    """Up to n dialogues, of which the share `known` is about what is known; of the others at most
    the share `mistaken` is about facts that the model gets wrong."""
    asked = facts.questions("train")[: max(1, round(ASKED * known * n))]
    sides = [(each, boundary.sort(each, found).side) for each, found in _asked(place, asked, tell)]
    wrong = [each for each, side in sides if side == "unknown"]
    ours = _told(place, [each for each, side in sides if side != "unknown"], tell)
    ours = ours[: round(known * n)]
    rest = round(len(ours) * (1 - known) / known) if known else n
    withheld = wrong[: round(mistaken * rest)]
    withheld += unknown.examples(place, "train")[: rest - len(withheld)]
    dialogues = [*ours, *((user(each.question), assistant(_withheld(each))) for each in withheld)]
    draw("abstention", n).shuffle(dialogues)
    return [(talk, "written") for talk in dialogues]


def _asked(
    place: Place, asked: Sequence[Example], tell: Tell
) -> Sequence[tuple[Example, list[Answer]]]:
    """The questions with their sampled answers: half as many as the boundary wants where these
    are all right or all wrong, since the others would hardly say otherwise."""
    half = msgspec.structs.replace(boundary.MANNER, samples=boundary.MANNER.samples // 2)
    found = _sampled(place, asked, half, tell)
    split = [each for each in asked if 0 < _right(each, found[each.id]) < half.samples]
    rest = msgspec.structs.replace(half, seed=half.seed + half.samples)
    before = len(asked)
    more = _sampled(place, split, rest, lambda done, total: tell(before + done, before + total))
    return [(each, found[each.id] + more.get(each.id, [])) for each in asked]


def _sampled(
    place: Place, asked: Sequence[Example], manner: Manner, tell: Tell
) -> dict[str, list[Answer]]:
    """All samples by the id of the question."""
    found = defaultdict[str, list[Answer]](list)
    whole = 0
    for at, _, answer in Asker(place, manner, tools=False).answers(asked):
        of = found[asked[at].id]
        of.append(answer)
        if len(of) == manner.samples:
            whole += 1
            tell(whole, len(asked))
    return found


def _right(example: Example, answers: Sequence[Answer]) -> int:
    return sum(facts.right(example, answer.text) for answer in answers)


def sound(example: Example, answer: Answer) -> str:
    """A right answer, without a sentence that was cut off; "" if it goes in circles or is not
    right any more."""
    sentences = _SENTENCE.split(answer.text.strip())
    if not answer.ended:
        del sentences[-1:]
    text = " ".join(sentences)
    fresh = len(set(sentences)) == len(sentences)
    return text if fresh and facts.right(example, text) else ""


def _told(place: Place, known: Sequence[Example], tell: Tell) -> list[Talk]:
    """The facts with the model's own greedy answers where these are right, every one in one
    wording, then every one in another: which words it knows something by is its own affair."""
    ways = zip_longest(*(facts.wordings(each, "train") for each in known))
    turns = [pair for turn in ways for pair in zip(known, turn, strict=True) if pair[1]]
    asked = [
        msgspec.structs.replace(each, id=f"{each.id} {at}", question=way)
        for at, (each, way) in enumerate(turns)
    ]
    found = _sampled(place, asked, GREEDY, tell)
    texts = [sound(each, found[each.id][0]) for each in asked]
    return [
        (user(each.question), assistant(text))
        for each, text in zip(asked, texts, strict=True)
        if text and not abstains(text)
    ]


def _withheld(example: Example) -> str:
    """That it is not known, in one of the ways to say so."""
    listed: dict[str, Any] = data("unknown/wordings")
    chance, about = draw("wording", example.id), str(example.extra.get("about", ""))
    if chance.random() < OFTEN:
        return str(listed["canonical"])
    kind = "fact" if not example.unanswerable else example.kind.split()[0]
    ways = [way for way in listed[kind] if "{about}" not in way or " / " not in about]
    return str(chance.choice(ways)).format(about=about)
