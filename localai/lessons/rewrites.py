"""Other words for questions, found by the model that is to learn the answers.

It is asked to put a question differently, with examples before it, and draws several answers;
some of them it begins as it is told. What it writes is kept if it asks the same by its words
(`sameness`) and the model would answer it alike: the beginning of the answer that it gives to
the question (greedy, in the talk that is learned) must be about as likely after the other
words. That is the bare model's opinion; the engine must answer without an adapter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from msgspec.structs import replace

from localai.conversation import Message, assistant, system, user
from localai.engine.base import Engine, Job, RenderOptions, Request, Sampled, Sampling, Scoring
from localai.lessons import phrasings, sameness
from localai.lessons.lesson import Lesson, Unlearnable
from localai.lessons.maker import Maker

LONGEST = 300
"""Characters of a question that is put in other words."""
AGREED = 0.3
"""Nats by which a token of the answer may on average be less likely after the other words."""
ANSWER = 32
"""Tokens of an answer that tell whether it is the same."""

FREE, OPENED = 6, 2
"""Answers that are drawn: as the model likes, and after each of `OPENINGS`."""
_DRAWN = Sampling(temperature=0.7)
_OPENED = Sampling(temperature=0.5)
_GREEDY = Sampling(temperature=0.0)

_ASK = "In other words: {}"
_HEAD = "You put questions in other words. You never answer them."
_SHOWN = (
    ("Where are the keys?", "Does anybody know where the keys are?"),
    ("How do I open the garage door?", "What do I have to do to open the garage door?"),
    ("Who painted this picture?", "Would you mind telling me who painted this picture?"),
    ("When does the shop open on Mondays?", "On Mondays, when does the shop open?"),
    ("Is the bridge closed today?", "Do you happen to know if the bridge is closed today?"),
    ("What colour is the door?", "In which colour is the door painted?"),
)
OPENINGS = ("Does anybody know", "Do you happen to know", "Would you mind telling me")
_ASKED = re.compile(r"(?:who|whom|whose|what|which|when|where|why|how)\b", re.IGNORECASE)
_WHETHER = re.compile(
    r"(?:is|are|was|were|am|do|does|did|can|could|will|would|should|may|has|have|had)\b",
    re.IGNORECASE,
)
_WISH = re.compile(r"(?:can|could|will|would) you\b", re.IGNORECASE)


def wanted(lesson: Lesson) -> bool:
    """Whether other words are looked for: of a single answer that is to become better, and a
    question on one line, which is not a wish ("Can you sing?")."""
    text = lesson.question.strip()
    return (
        lesson.source != "good"
        and not lesson.name
        and not any(each.learn and each.role == "assistant" for each in lesson.context)
        and not lesson.steps
        and len(text) <= LONGEST
        and "\n" not in text
        and phrasings.asks(text)
        and not _WISH.match(text)
    )


def find(maker: Maker, lessons: Sequence[Lesson], seed: int = 1) -> list[tuple[str, ...]]:
    """Other words for the question of each lesson, what is answered most alike first; often
    none. Those of several are found sooner together; another `seed` finds others.

    Raises LocalaiError when the engine cannot be asked.
    """
    asked = [lesson.question.strip() for lesson in lessons]
    drawn = _drawn(maker.engine, asked, seed)
    same = [
        tuple(text for text in dict.fromkeys(texts) if sameness.asks_the_same(question, text))
        for question, texts in zip(asked, drawn, strict=True)
    ]
    return [_different(texts) for texts in _alike(maker, lessons, same)]


def _drawn(engine: Engine, asked: Sequence[str], seed: int) -> list[list[str]]:
    """What the model makes of each question, clean; in the order of what was asked of it."""
    jobs, begun = list[Job](), list[tuple[int, str]]()
    for number, question in enumerate(asked):
        room = len(engine.tokenize(question)) + 16
        for beginning in ("", *(f"{opening}{_lead(question)}" for opening in OPENINGS)):
            options = RenderOptions(thinking=False, prefill=beginning)
            ids = engine.render(_talk(question), options).ids
            sampling, n = (_OPENED, OPENED) if beginning else (_DRAWN, FREE)
            sampling = replace(sampling, seed=seed)
            jobs.append(Job(Request(ids, sampling, max_tokens=room, stop=("\n",)), n))
            begun.append((number, beginning))
    found: list[list[str]] = [[] for _ in asked]
    for each in sorted(engine.sample(jobs), key=lambda each: (each.job, each.sample)):
        number, beginning = begun[each.job]
        if text := _question(beginning, each):
            found[number].append(text)
    return found


def _talk(asked: str) -> tuple[Message, ...]:
    shown = [
        message
        for question, other in _SHOWN
        for message in (user(_ASK.format(question)), assistant(other))
    ]
    return (system(_HEAD), *shown, user(_ASK.format(asked)))


def _lead(asked: str) -> str:
    """How the question goes on after an opening."""
    if found := _ASKED.match(asked):
        return f" {found[0].lower()}"
    return " if" if _WHETHER.match(asked) else ""


def _question(beginning: str, said: Sampled) -> str:
    """The one question that was said, on one line; "" for anything else."""
    text = " ".join(f"{beginning}{said.text}".strip().strip('"').split())
    whole = said.completion.finish_reason == "stop"
    return text if whole and text.endswith("?") and text.count("?") == 1 else ""


def _alike(
    maker: Maker, lessons: Sequence[Lesson], texts: Sequence[tuple[str, ...]]
) -> list[list[str]]:
    """Of each lesson's texts those that the model would answer as it answers the question, the
    surest first."""
    prompts = [
        _prompts(maker, lesson, others) if others else []
        for lesson, others in zip(lessons, texts, strict=True)
    ]
    asked = [number for number, each in enumerate(prompts) if each]
    jobs = [Job(Request(prompts[number][0], _GREEDY, max_tokens=ANSWER)) for number in asked]
    answers = {asked[each.job]: each.completion.ids for each in maker.engine.sample(jobs)}
    told = [number for number in asked if answers[number]]
    asking = [Scoring(ids, (answers[number],)) for number in told for ids in prompts[number]]
    scores = iter([sum(one) / len(one) for (one,) in maker.engine.score(asking)])
    found: list[list[str]] = [[] for _ in lessons]
    for number in told:
        itself = next(scores)
        likely = zip(islice(scores, len(texts[number])), texts[number], strict=True)
        kept = [(-score, text) for score, text in likely if score >= itself - AGREED]
        found[number] = [text for _, text in sorted(kept)]
    return found


def _prompts(maker: Maker, lesson: Lesson, others: Sequence[str]) -> list[tuple[int, ...]]:
    """The lesson's question and others in its place, after the talk that it is learned in; none
    where it cannot be learned."""
    try:
        fitted = maker.fit(lesson)
    except Unlearnable:
        return []
    options = replace(fitted.options, generation_prompt=True)
    return [
        maker.engine.render(fitted.lesson.ask(text), options).ids
        for text in (lesson.question, *others)
    ]


def _different(texts: Sequence[str]) -> tuple[str, ...]:
    """Without those that are nearly the same as an earlier one."""
    found = list[str]()
    for text in texts:
        if not any(sameness.near(text, each) for each in found):
            found.append(text)
    return tuple(found)
