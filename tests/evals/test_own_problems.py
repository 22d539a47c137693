"""The user's own problems: which questions are some, in which pool, and what makes them right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from localai.config import Settings, TuneSettings
from localai.errors import UsageError
from localai.evals.problems import own
from localai.evals.task import Answer, Called, Example, Place, Pool
from localai.evals.tasks import reasoning, user_file
from localai.store.store import Store
from tests.evals.places import place

POOLS: tuple[Pool, ...] = get_args(Pool)
WHO = {"question": "Who keeps the key?", "answer": "Ada"}
TALK = [{"role": "user", "content": "Ada has it."}, {"role": "assistant", "content": "Fine."}]


def written(folder: Path, *rows: dict[str, Any], name: str = "mine") -> Path:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def trying(store: Store, *files: Path) -> Place:
    """A place whose user has these files tried."""
    return place(store, settings=Settings(tune=TuneSettings(problems=list(files))))


def sums(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [
        {"question": f"How much is {n} and {n}, and {n} again?", "answer": 3 * n}
        for n in range(start + 1, start + count + 1)
    ]


def test_one_number_or_one_word_can_be_checked(tmp_path: Path) -> None:
    path = written(tmp_path, WHO, {"question": "Half of 3?", "answers": [1.5, "one and a half"]})
    word, number = sorted(own.checkable(path), key=lambda each: each.answers, reverse=True)
    assert (word.kind, word.answers, word.extra["wants"]) == ("own-mine", ("Ada",), "word")
    assert (number.kind, number.answers, number.extra["wants"]) == ("own-mine", ("1.5",), "number")


def test_kinds_levels_and_calls_are_those_of_the_line(tmp_path: Path) -> None:
    row = {"kind": "bills", "level": 2, "tool": "calculator", "messages": TALK}
    (found,) = own.checkable(written(tmp_path, WHO | row))
    assert (found.kind, found.level, found.tool) == ("own-bills", 2, "calculator")
    assert [each.text for each in found.context] == ["Ada has it.", "Fine."]


@pytest.mark.parametrize(
    "row",
    [
        {"question": "Who keeps the key?", "answer": "Ada Wong"},
        {"question": "Has Ada or Bo the key?", "answer": "Bo"},
        {"question": "What is 5 less 0?", "answer": 5},
        {"question": "Who wins in 2080?", "unanswerable": True},
        {"question": "Say hello.", "answer_regex": "(?i)hello"},
        {"question": "Which day is it?", "tool": "clock"},
        {"question": f"Who? {'Well. ' * 200}", "answer": "Ada"},
    ],
)
def test_what_cannot_be_checked_strictly_is_no_problem(tmp_path: Path, row: dict[str, Any]) -> None:
    assert [each.answers for each in own.checkable(written(tmp_path, row, WHO))] == [("Ada",)]
    with pytest.raises(UsageError, match=r"mine\.jsonl has no question to learn from"):
        own.checkable(written(tmp_path, row))


def test_each_stays_in_its_pool_when_others_come(tmp_path: Path) -> None:
    def shared(*files: Path) -> dict[Pool, set[str]]:
        found = {
            pool: [each.id for some in own.problems(files, pool) for each in some] for pool in POOLS
        }
        assert all(len(some) == len(set(some)) for some in found.values())
        return {pool: set(some) for pool, some in found.items()}

    few = shared(written(tmp_path, *sums(60)))
    assert all(few.values())
    assert sum(map(len, few.values())) == len(set.union(*few.values())) == 60
    more = shared(written(tmp_path, *sums(90, start=30)), written(tmp_path, *sums(60), name="2"))
    assert all(few[pool] < more[pool] for pool in POOLS)


def test_the_same_question_is_in_one_pool_whatever_comes_before_it(tmp_path: Path) -> None:
    shouted = {**WHO, "question": "WHO keeps  the key?", "messages": TALK}
    files = [written(tmp_path, WHO, shouted)]
    assert sorted(sum(map(len, map(list, own.problems(files, pool)))) for pool in POOLS) == [
        0,
        0,
        2,
    ]


def test_other_problems_are_told_from_these(tmp_path: Path) -> None:
    files = [written(tmp_path, *sums(5))]
    before = own.fingerprint(files)
    assert own.fingerprint([written(tmp_path, *reversed(sums(5)))]) == before
    assert own.fingerprint([written(tmp_path, *sums(6))]) != before
    assert own.fingerprint([]) == ""
    with pytest.raises(UsageError, match="cannot be read"):
        own.fingerprint([tmp_path / "none.jsonl"])


def test_they_are_among_the_problems_of_the_task(tmp_path: Path, store: Store) -> None:
    mine = written(tmp_path, *sums(60))
    without = reasoning.examples(place(store), "train")
    found = reasoning.examples(trying(store, mine), "train")
    added = [each for each in found if each not in without]
    assert {each.kind for each in added} == {"own-mine"}
    assert 20 < len(added) < 40
    assert found[0] in added


@pytest.mark.parametrize(
    ("row", "text", "calls", "right"),
    [
        (WHO, "Ada.", (), True),
        (WHO, "It is Ada.", (), True),
        (WHO, "Ada or Bo.", (), False),
        (WHO, "Ask Ada, Bo, Cy and Di.", (), False),
        ({"question": "Half of 3?", "answers": [1.5, 1.50001]}, "1.5", (), True),
        ({"question": "Half of 3?", "answers": [9, 1.5]}, "That is 1.5.", (), True),
        ({"question": "Half of 3?", "answer": 1.5}, "1, 1.5 or 2", (), False),
        ({"question": "Half of 3?", "answer": 1.5, "tool": "calculator"}, "1.5", (), False),
        ({"question": "Half of 3?", "answer": 1.5, "tool": "calculator"}, "1.5", ("clock",), False),
        (
            {"question": "Half of 3?", "answer": 1.5, "tool": "calculator"},
            "1.5",
            ("calculator",),
            True,
        ),
        ({"question": "Half of 3?", "answer": 1.5, "tool": "none"}, "1.5", ("clock",), False),
    ],
)
def test_they_are_scored_strictly(
    tmp_path: Path, row: dict[str, Any], text: str, calls: tuple[str, ...], right: bool
) -> None:
    (example,) = own.checkable(written(tmp_path, row))
    called = tuple(Called(name, {}, "1.5", True) for name in calls)
    assert reasoning.is_right(example, Answer(text=text, calls=called)) is right


def test_what_is_learned_from_is_not_asked_in_an_evaluation(tmp_path: Path, store: Store) -> None:
    open_end = {"question": "Who wins in 2080?", "unanswerable": True}
    path = written(tmp_path, *sums(60), open_end)
    task = user_file.read(path)
    assert len(task.examples(place(store), "dev")) == 61
    asked = {pool: _questions(task.examples(trying(store, path), pool)) for pool in POOLS}
    assert sum(map(len, asked.values())) == 63
    assert set.intersection(*asked.values()) == {"Who wins in 2080?"}
    learned = [each for some in own.problems([path], "train") for each in some]
    assert _questions(learned) == asked["train"] - {"Who wins in 2080?"}


def _questions(examples: Any) -> set[str]:
    found: list[Example] = list(examples)
    return {each.question for each in found}
