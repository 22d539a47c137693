"""Problems of the user's own, from the files that `tune.problems` names.

Of a file's questions (`question_file`) only those are problems whose answer is one number or one
word that the question does not have, so that neither saying the question again nor a guess between
two earns anything. They are shared out among the pools by a hash of their words: each stays in its
own when others come.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from localai.errors import UsageError
from localai.evals.final_answer import Wanted, right
from localai.evals.mentions import plain, sentences
from localai.evals.problems.pools import falls_to, tells
from localai.evals.question_file import questions
from localai.evals.task import Answer, Example, Pool
from localai.lessons.keywords import FUNCTION
from localai.question_kinds import OWN

LEAST = 10
"""Problems in a file: fewer leave too little to choose and to judge by."""
LONGEST = 1_000
"""Characters of a question with what comes before it: a night answers each many times."""

_NUMBER = re.compile(r"-?(?:(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?%?|(?:\d+ )?\d+/\d+)")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_WORD = re.compile(r"\w+")
_GUESSED = frozenset(("yes", "no", "true", "false", "left", "right"))
"""Answers of which one of two is right."""
_TURNING = """after against although anybody anyone before but cannot could either else except
false if instead least less may maybe might more most neither never no nobody none nor not nothing
or other perhaps possibly rather somebody someone than think unless unlike whether without would
wrong"""
_TURNS = frozenset(_TURNING.split())
"""Words with which a sentence may say that it is not so, or leave it open."""
_DENIES = re.compile(r"n['\u2019]t\b", re.IGNORECASE)
_OPENS = re.compile(r"^\W*(?:the )?(?:final )?answer(?: is\b|:)\s*", re.IGNORECASE)


class Own(msgspec.Struct, frozen=True):
    """The user's problems, and how many questions there are in their files."""

    problems: tuple[Example, ...] = ()
    questions: int = 0

    @property
    def ids(self) -> tuple[str, ...]:
        """What tells them from others: their questions, what makes an answer right."""
        return tuple(sorted(each.id for each in self.problems))

    def pool(self, pool: Pool) -> tuple[Example, ...]:
        """Those of a pool."""
        return tuple(each for each in self.problems if _falls_to(each, pool))


def read(files: Sequence[Path]) -> Own:
    """The problems of these files, none of them twice. Raises UsageError, naming the file, for one
    that cannot be used."""
    every = [(path, questions(path)) for path in files]
    found = {each.id: each for path, some in every for each in _of_file(path, some)}
    return Own(tuple(found.values()), sum(len(some) for _, some in every))


def asked_in(question: Example, pool: Pool) -> bool:
    """Whether a question of a file may be asked as one of that pool: one that is no problem in
    each, as nothing learns from it."""
    found = _problem(question, "")
    return found is None or _falls_to(found, pool)


def is_right(problem: Example, answer: Answer) -> bool:
    """Whether an answer says one of the right ones, and nothing else that could be one."""
    wanted = msgspec.convert(problem.extra, Wanted)
    if wanted.wants == "number":
        found = (right(answer.text, it, wanted, ended=answer.ended) for it in problem.answers)
        return any(found)
    return answer.ended and any(says(answer.text, it, problem.question) for it in problem.answers)


def says(text: str, word: str, question: str) -> bool:
    """Whether a text says that the answer is this word: in one sentence, in which it is the only
    word of meaning that the question has not, and no word that could turn it round."""
    text = _OPENS.sub("", plain(text).strip())
    told = _words(text)
    alone = len(sentences(text)) == 1 and "?" not in text and "\n" not in text
    new = told - _words(question) - FUNCTION
    return alone and not (_TURNS & told or _DENIES.search(text)) and new == _words(word)


def _of_file(path: Path, asked: Sequence[Example]) -> Sequence[Example]:
    made = (_problem(each, path.stem) for each in asked)
    found = tuple({each.id: each for each in made if each}.values())
    if len(found) >= LEAST:
        return found
    raise UsageError(
        f"{path} has {len(found)} questions to learn from by trying, and {LEAST} are needed; the "
        "answer to each must be one number, or one word, that the question does not have. Write "
        "some more, or take the file out of tune.problems."
    )


def _problem(question: Example, name: str) -> Example | None:
    """A question as a problem of the kind `name`; None where its answer cannot be checked
    strictly."""
    numbers = [each for each in question.answers if _NUMBER.fullmatch(each)]
    words = [each for each in question.answers if _is_word(each)]
    answers = tuple(each.rstrip("%") for each in numbers) or tuple(words)
    told = msgspec.json.encode(question.context).decode()
    if not answers or len(question.question) + len(told) > LONGEST:
        return None
    if any(_in(question.question, each) for each in answers):
        return None
    unit = "%" if numbers and numbers[0].endswith("%") else ""
    asked = (told, question.question, answers, question.tool, question.arguments)
    return replace(
        question,
        id=f"{OWN}{hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:16]}",
        kind=f"{OWN}{name}",
        level=0,
        answers=answers,
        pattern="",
        extra=msgspec.to_builtins(Wanted(wants="number" if numbers else "word", unit=unit)),
    )


def _is_word(answer: str) -> bool:
    """Whether it is one word that says something."""
    return bool(_LETTERS.fullmatch(answer)) and not _words(answer) & (FUNCTION | _TURNS | _GUESSED)


def _in(question: str, answer: str) -> bool:
    """Whether a question has the answer in it."""
    return tells(question, answer) or (_is_word(answer) and _words(answer) <= _words(question))


def _words(text: str) -> frozenset[str]:
    return frozenset(_spelt(text))


def _spelt(text: str) -> list[str]:
    """The words of a text in order, without case and however their letters are composed."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _falls_to(problem: Example, pool: Pool) -> bool:
    """Whether it is in that pool, by the words of its question alone: what comes before it tells
    no two apart, nor do case and punctuation."""
    return falls_to(" ".join(_spelt(problem.question)), pool)
