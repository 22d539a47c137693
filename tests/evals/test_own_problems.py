"""The user's own problems: which questions are some, in which pool, and what makes them right."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import pytest

from localai.config import Settings, TuneSettings
from localai.engine.scripted import ScriptedEngine
from localai.errors import UsageError
from localai.evals import asking
from localai.evals.problems import own
from localai.evals.problems.own import Own
from localai.evals.task import Answer, Called, Example, Manner, Place, Pool
from localai.evals.tasks import own_problems, reasoning, user_file
from localai.store.store import Store
from tests.evals.places import place, task

POOLS: tuple[Pool, ...] = get_args(Pool)
WHO = {"question": "Who keeps the key?", "answer": "Ada"}
HALF = {"question": "Half of 3?", "answer": 1.5}
TALK = [{"role": "user", "content": "Ada has it."}, {"role": "assistant", "content": "Fine."}]


def sums(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [
        {"question": f"How much is {n} and {n}, and {n} again?", "answer": 3 * n}
        for n in range(start + 1, start + count + 1)
    ]


ENOUGH = sums(own.LEAST)


def written(folder: Path, *rows: dict[str, Any], name: str = "mine") -> Path:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def added(folder: Path, *rows: dict[str, Any]) -> list[Example]:
    """The problems that these lines come to, beside enough others."""
    found = own.read([written(folder, *ENOUGH, *rows)]).problems
    others = own.read([written(folder, *ENOUGH)]).ids
    return [each for each in found if each.id not in others]


def trying(store: Store, *files: Path) -> Place:
    """A place whose user has these files tried."""
    return place(store, settings=Settings(tune=TuneSettings(problems=list(files))))


def questions(examples: Iterable[Example]) -> set[str]:
    return {each.question for each in examples}


@pytest.mark.parametrize(
    ("answers", "kept", "wants"),
    [
        (["Ada"], ("Ada",), "word"),
        (["Ada", "Ada Wong"], ("Ada",), "word"),
        (["Zo\u00eb"], ("Zo\u00eb",), "word"),
        ([1.5, "one and a half"], ("1.5",), "number"),
        (["10,000"], ("10,000",), "number"),
        (["1 3/4"], ("1 3/4",), "number"),
        (["3/4"], ("3/4",), "number"),
        (["-3"], ("-3",), "number"),
        (["25%"], ("25",), "number"),
        (["Ada Wong"], (), ""),
        (["yes"], (), ""),
        (["B"], (), ""),
        (["nobody"], (), ""),
        (["10 000"], (), ""),
        (["1,5"], (), ""),
        (["1, 2"], (), ""),
        (["1e22"], (), ""),
    ],
)
def test_one_number_or_one_word_can_be_checked(
    tmp_path: Path, answers: list[Any], kept: tuple[str, ...], wants: str
) -> None:
    found = added(tmp_path, {"question": "What do 3 and 4 make?", "answers": answers})
    assert [each.answers for each in found] == ([kept] if kept else [])
    assert [each.extra["wants"] for each in found] == ([wants] if kept else [])


@pytest.mark.parametrize(
    "row",
    [
        {"question": "Has Ada or Bo the key?", "answer": "Bo"},
        {"question": "What is 5 less 0?", "answer": 5},
        {"question": "Who wins in 2080?", "unanswerable": True},
        {"question": "Say hello.", "answer_regex": "(?i)hello"},
        {"question": "Which day is it?", "tool": "clock"},
        {"question": f"Who? {'Well. ' * 200}", "answer": "Ada"},
        {**WHO, "messages": [{"role": "user", "content": "Well. " * 200}]},
    ],
)
def test_what_cannot_be_checked_strictly_is_no_problem(tmp_path: Path, row: dict[str, Any]) -> None:
    assert added(tmp_path, row) == []


def test_what_a_line_gives_beside_its_answer(tmp_path: Path) -> None:
    (found,) = added(tmp_path, {**WHO, "kind": "keys", "tool": "clock", "messages": TALK})
    assert (found.kind, found.level, found.tool) == ("own-mine", 0, "clock")
    assert [each.text for each in found.context] == ["Ada has it.", "Fine."]


def test_a_file_with_too_few_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, *ENOUGH[1:], {"question": "Say hello.", "answer_regex": "hello"})
    with pytest.raises(UsageError, match=r"mine\.jsonl has 9 questions .*, and 10 are needed"):
        own.read([path])
    with pytest.raises(UsageError, match="cannot be read"):
        own.read([tmp_path / "none.jsonl"])
    assert own.read([]) == Own()


def test_each_stays_in_its_pool_when_others_come(tmp_path: Path) -> None:
    def shared(*files: Path) -> dict[Pool, set[str]]:
        found = own.read(files)
        pools = {pool: {each.id for each in found.pool(pool)} for pool in POOLS}
        assert sorted(set.union(*pools.values())) == list(found.ids)
        assert sum(map(len, pools.values())) == len(found.problems)
        return pools

    few = shared(written(tmp_path, *sums(60)))
    assert all(few.values())
    more = shared(written(tmp_path, *sums(90, start=30)), written(tmp_path, *sums(60), name="2"))
    assert all(few[pool] < more[pool] for pool in POOLS)


def test_the_same_words_are_in_one_pool_whatever_comes_before_them(tmp_path: Path) -> None:
    shouted = {**WHO, "question": "WHO keeps  the key", "messages": TALK}
    both = Own(tuple(added(tmp_path, WHO, shouted)))
    assert sorted(len(both.pool(pool)) for pool in POOLS) == [0, 0, 2]


@pytest.mark.parametrize("changed", [{"answer": "Bo"}, {"tool": "clock"}, {"messages": TALK}])
def test_another_answer_makes_another_problem(tmp_path: Path, changed: dict[str, Any]) -> None:
    (before,), (after,) = added(tmp_path, WHO), added(tmp_path, WHO | changed)
    assert before.id != after.id


RIGHT = [
    (WHO, "Ada."),
    (WHO, "It is Ada."),
    (WHO, "Ada keeps the key."),
    (WHO, "**ADA**"),
    (WHO, "Answer: Ada"),
    (WHO, "The answer is Ada."),
    (
        {"question": "Which town was our first office in?", "answer": "Lund"},
        "Our office was in Lund.",
    ),
    ({"question": "What is my cat called?", "answer": "Minka"}, "Your cat is called Minka."),
    (HALF, "1.5"),
    (HALF, "That is 1.5."),
    ({"question": "Half of 3?", "answers": [9, 1.5]}, "1.5"),
    ({"question": "What part is that?", "answer": "25%"}, "25%"),
    ({"question": "What part is that?", "answer": "25%"}, "It is 25 percent."),
]
WRONG = [
    (WHO, text)
    for text in (
        "",
        "Ada or Bo.",
        "Ask Ada, Bo, Cy and Di.",
        "I don't think it is Ada.",
        "It isn't Ada.",
        "It isn\u2019t Ada.",
        "Nobody knows whether it is Ada.",
        'It is not "Ada".',
        'Either Bo or "Ada".',
        '"Ada". No, it is Bo.',
        "Ada. Bo.",
        "Ada\nBo",
        "Ada?",
        "Is it Ada?",
        "Anyone but Ada.",
        "Anybody else than Ada.",
        "It could be Ada.",
        "Maybe Ada.",
        "Ada, 7 or so.",
        "Bo, before Ada.",
        "Adam.",
        "Adas",
        "Bo keeps Ada's key.",
        "Without Ada.",
        "Whoever is called Ada.",
        "Who keeps the key?",
        "Ada Ben.",
        "Answer: Bo. Ada",
    )
] + [(HALF, "1, 1.5 or 2"), (HALF, "15"), (HALF, "I am not sure, 1.5 or 3.")]


@pytest.mark.parametrize(("row", "text"), RIGHT)
def test_right_is_a_final_answer(tmp_path: Path, row: dict[str, Any], text: str) -> None:
    (problem,) = added(tmp_path, row)
    assert own.is_right(problem, Answer(text=text))


@pytest.mark.parametrize(("row", "text"), WRONG)
def test_having_it_somewhere_is_not(tmp_path: Path, row: dict[str, Any], text: str) -> None:
    (problem,) = added(tmp_path, row)
    assert not own.is_right(problem, Answer(text=text))
    assert not own.is_right(problem, Answer(text="Ada", ended=False))


@pytest.mark.parametrize(
    ("tool", "calls", "right"),
    [
        (None, (), 1.0),
        (None, ("clock",), 1.0),
        ("calculator", (), 0.0),
        ("calculator", ("clock",), 0.0),
        ("calculator", ("calculator",), 1.0),
        ("none", (), 1.0),
        ("none", ("clock",), 0.0),
    ],
)
def test_a_call_that_is_asked_for_is_made(
    tmp_path: Path, tool: str | None, calls: tuple[str, ...], right: float
) -> None:
    (problem,) = added(tmp_path, {**HALF, "tool": tool})
    called = tuple(Called(name, {}, "1.5", True) for name in calls)
    assert own_problems.score(problem, [Answer(text="1.5", calls=called)]) == {"right": right}


def test_the_score_is_the_share_of_right_answers(tmp_path: Path) -> None:
    (problem,) = added(tmp_path, HALF)
    answers = [Answer(text=text) for text in ("1.5", "2", "3", "It is 1.5.")]
    assert own_problems.score(problem, answers) == {"right": 0.5}


def test_they_come_before_those_of_another_task(tmp_path: Path, store: Store) -> None:
    mine = own.read([written(tmp_path, *sums(60))])
    there = place(store, ["Rome", "Rome.", *["3"] * 60])
    both = own_problems.before(task(), mine)
    found = both.examples(there, "train")
    assert {each.kind for each in found[:-4]} == {"own-mine"}
    assert questions(found[-4:]) == questions(task().examples(there, "train"))
    outcomes = list(asking.ask(there, both, [found[-2], found[0]], Manner()))
    assert {each.scores["right"] for each in outcomes} == {0.0, 1.0}
    assert own_problems.before(reasoning.TASK, Own()) is reasoning.TASK


def test_what_leaves_no_room_in_the_window_is_left_out(tmp_path: Path, store: Store) -> None:
    long = {"question": f"Who keeps it? {'Well, well. ' * 70}", "answer": "Ada"}
    mine = own.read([written(tmp_path, *ENOUGH, long)])
    there = place(store, ScriptedEngine(n_ctx=600))
    fits = [each for pool in POOLS for each in own_problems.task(mine).examples(there, pool)]
    assert len(mine.problems) == len(ENOUGH) + 1
    longest = max(len(there.engine.tokenize(each.question)) for each in fits)
    assert longest <= there.engine.load().n_ctx // own_problems.SHARE
    assert len(fits) == len(ENOUGH)


def test_what_is_learned_from_is_not_asked_in_an_evaluation(tmp_path: Path, store: Store) -> None:
    open_end = {"question": "Who wins in 2080?", "unanswerable": True}
    path = written(tmp_path, *sums(60), open_end)
    evaluation = user_file.read(path)
    assert len(evaluation.examples(place(store), "dev")) == 61
    asked = {pool: questions(evaluation.examples(trying(store, path), pool)) for pool in POOLS}
    assert sum(map(len, asked.values())) == 63
    assert set.intersection(*asked.values()) == {"Who wins in 2080?"}
    learned = questions(own.read([path]).pool("train"))
    assert learned == asked["train"] - {"Who wins in 2080?"}
