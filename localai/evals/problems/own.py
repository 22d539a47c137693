"""Problems of the user's own, from the files that `tune.problems` names.

Of a file's questions (`question_file`) only those are problems whose answer is one number or one
word, for `final_answer` reads it strictly: nothing is rewarded for having the right words somewhere
in it, nor for saying what the question says. Questions are shared out among the pools by a hash, so
that each stays in its own when others come.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import msgspec
from msgspec.structs import replace

from localai.errors import UsageError
from localai.evals.final_answer import Wanted
from localai.evals.mentions import amount
from localai.evals.problems.pools import falls_to, tells
from localai.evals.question_file import questions
from localai.evals.task import Example, Pool
from localai.question_kinds import OWN

POOLS: tuple[Pool, ...] = get_args(Pool)
LONGEST = 1_000
"""Characters of a question with what comes before it: a night answers each many times."""

_WORD = re.compile(r"[^\W\d_]+")


def problems(files: Sequence[Path], pool: Pool) -> Iterator[Iterator[Example]]:
    """The problems of a pool, file by file, none of them twice. Raises UsageError, naming the
    file, for one that cannot be used."""
    seen = set[str]()
    for path in files:
        found = [each for each in checkable(path) if _falls_to(each, pool) and each.id not in seen]
        seen |= {each.id for each in found}
        yield iter(found)


def checkable(path: Path) -> tuple[Example, ...]:
    """The questions of a file that are problems. Raises UsageError where there is none."""
    made = (_problem(each, path.stem) for each in questions(path))
    if found := tuple({each.id: each for each in made if each}.values()):
        return found
    raise UsageError(
        f"{path} has no question to learn from by trying: its answer must be one number or one "
        "word that the question does not have; change that, or take the file out of tune.problems."
    )


def asked_in(question: Example, pool: Pool) -> bool:
    """Whether a question of a file may be asked as one of that pool: one that is no problem in
    each, as nothing learns from it."""
    found = _problem(question, "")
    return found is None or _falls_to(found, pool)


def fingerprint(files: Sequence[Path]) -> str:
    """What tells these problems from others, in hex; "" for none. Raises UsageError as `checkable`
    does."""
    told = sorted((each.id, each.answers) for path in files for each in checkable(path))
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest() if told else ""


def _problem(question: Example, name: str) -> Example | None:
    """A question as a problem; None where its answer cannot be checked strictly."""
    numbers = tuple(each for each in question.answers if amount(each) is not None)
    words = tuple(each for each in question.answers if _WORD.fullmatch(each))
    answers = numbers or words
    asked = question.question
    if not answers or len(asked) + sum(len(each.text) for each in question.context) > LONGEST:
        return None
    if any(tells(asked, each) for each in numbers) or _words(asked) & _words(" ".join(words)):
        return None
    wanted = Wanted(wants="number" if numbers else "word")
    told = msgspec.json.encode((question.context, asked))
    return replace(
        question,
        id=f"{OWN}{hashlib.sha256(told).hexdigest()[:16]}",
        kind=f"{OWN}{question.kind or name}",
        answers=answers,
        pattern="",
        extra=msgspec.to_builtins(wanted),
    )


def _words(text: str) -> set[str]:
    return {each.casefold() for each in _WORD.findall(text)}


def _falls_to(problem: Example, pool: Pool) -> bool:
    """Whether it is in that pool, by its question alone: what comes before it tells no two apart,
    nor do case and blanks."""
    return falls_to(" ".join(problem.question.casefold().split()), pool)
