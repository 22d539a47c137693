"""The task `reasoning`: its order, its scores, reasoning-gym, thinking budgets, own answers."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from localai.chat import steps
from localai.config import Settings
from localai.engine.base import ModelInfo, Thinking
from localai.engine.scripted import ScriptedEngine
from localai.errors import UsageError
from localai.evals import asking, tasks
from localai.evals.budgets import under, usable
from localai.evals.making import find as find_maker
from localai.evals.problems import gym
from localai.evals.task import Answer, Example, Manner, Place
from localai.store.store import Store
from localai.tools.toolbox import Toolbox
from tests.chat.test_session import entry

TASK = tasks.find("reasoning")
THINK = Thinking("<think>", "</think>", switchable=True)
SUM = Example(id="1", question="What is 7 + 5?", answers=("12",), extra={"wants": "number"})


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.memory() as memory:
        yield memory


def place(store: Store, replies: list[str], thinking: Thinking | None = None) -> Place:
    engine = ScriptedEngine(replies, thinking=thinking)
    return Place(engine, entry(), Settings(), store, Toolbox())


def test_every_beginning_is_a_fair_sample(store: Store) -> None:
    found = TASK.examples(place(store, []), "gate")
    assert len(found) >= 1600
    for size in (160, 800):
        kinds = Counter(each.kind for each in found[:size])
        levels = Counter(each.level for each in found[:size])
        assert set(kinds.values()) == {size // 16}
        assert max(levels.values()) - min(levels.values()) <= size // 10


def test_both_styles_are_asked_and_scored(store: Store) -> None:
    there = place(store, ["12", "7 and 5 make\nAnswer: 12"])
    (direct,) = asking.ask(there, TASK, [SUM], Manner(style="direct"))
    (stepwise,) = asking.ask(there, TASK, [SUM], Manner(style="steps"))
    assert direct.scores == stepwise.scores == {"right": 1.0, "ended": 1.0}
    assert stepwise.answers[0].reasoning == "7 and 5 make"
    assert stepwise.answers[0].tokens > direct.answers[0].tokens


def test_the_score_is_the_share_of_right_answers() -> None:
    answers = (Answer(text="12"), Answer(text="11 or 12"), Answer(text="7 + 5 = 12", ended=False))
    assert TASK.score(SUM, answers) == {"right": 1 / 3, "ended": 2 / 3}


def test_without_reasoning_gym_its_kinds_are_not_offered(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gym, "find_spec", lambda name: None)
    kinds = {each.kind for each in TASK.examples(place(store, []), "dev")}
    assert not any(kind.startswith("gym-") for kind in kinds)


class GymSet:
    """Sums as reasoning-gym gives them, with its credit for what only holds the answer."""

    def __getitem__(self, at: int) -> dict[str, Any]:
        return {"question": f"What is {at} + 2?", "answer": str(at + 2)}

    def score_answer(self, answer: str, entry: dict[str, Any]) -> float:
        return 1.0 if entry["answer"] in answer else 0.0


@pytest.fixture
def with_gym(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    module = ModuleType("reasoning_gym")
    module.create_dataset = lambda name, **options: GymSet()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "reasoning_gym", module)
    monkeypatch.setattr(gym, "find_spec", lambda name: True)
    gym._data_set.cache_clear()
    yield
    gym._data_set.cache_clear()


@pytest.mark.usefixtures("with_gym")
def test_reasoning_gym_is_asked_too_and_no_question_of_it_is_in_two_pools(store: Store) -> None:
    there = place(store, [])
    pools = [TASK.examples(there, pool) for pool in ("train", "dev", "gate")]
    asked = [{e.question for e in pool if e.kind.startswith("gym-")} for pool in pools]
    assert all(asked)
    assert not asked[0] & asked[1] | asked[0] & asked[2] | asked[1] & asked[2]


@pytest.mark.usefixtures("with_gym")
@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("12", True),
        ("11 + 1 = 12", True),
        ("Answer: 12", True),
        ("11 or 12", False),
        ("10, 11, 12", False),
        ("112", False),
        ("12 or 13", False),
        ("It is not 12.", False),
        ("", False),
    ],
)
def test_reasoning_gym_judges_the_final_answer_alone(text: str, passes: bool) -> None:
    extra = {"wants": "number", "gym": "chain_sum", "at": 10}
    example = Example(id="1", question="What is 10 + 2?", answers=("12",), extra=extra)
    assert GymSet().score_answer(text, GymSet()[10]) == (1.0 if text else 0.0)
    assert TASK.score(example, [Answer(text=text)])["right"] == float(passes)


def test_budgets_are_for_models_that_think() -> None:
    plain = ScriptedEngine().load()
    with pytest.raises(UsageError, match=r"toy has no reasoning .* localai styles find"):
        usable(plain, "toy")
    assert usable(ScriptedEngine(thinking=THINK).load(), "toy") == (0, 64, 256, 1024)
    always: ModelInfo = ScriptedEngine(thinking=Thinking("<t>", "</t>", False)).load()
    assert usable(always, "toy") == (64, 256, 1024)


def test_a_budget_cuts_the_reasoning_and_leaves_the_answer_its_room(store: Store) -> None:
    long = "<think>" + "so " * 100 + "</think>It is 12."
    there = place(store, ["It is 12.", long], THINK)
    spent = {}
    for budget in (0, 64):
        manner = under(Manner(max_tokens=20, style="steps"), budget)
        (outcome,) = asking.ask(there, TASK, [SUM], manner)
        spent[budget] = manner.max_tokens, len(outcome.answers[0].reasoning.split())
        assert outcome.answers[0].text.strip() == "It is 12."
    assert isinstance(there.engine, ScriptedEngine)
    off, on = there.engine.requests
    assert "<think></think>" in "".join(there.engine.pieces(off.ids))
    assert on.reasoning is not None
    assert (on.reasoning.budget, spent[64]) == (64, (84, 64))


def test_the_leanest_right_stepwise_answer_is_learned(store: Store) -> None:
    right = "Long and long and longer.\nAnswer: {0}", "Short.\nAnswer: {0}", "Answer: {0}"
    there = place(store, [])
    first = next(e for e in TASK.examples(there, "train") if e.extra["wants"] != "choice")
    replies = [each.format(first.answers[0]) for each in right]
    there = place(store, [*replies, "Wrong.\nAnswer: none"])
    told: list[tuple[int, int]] = []
    ((talk, source),) = find_maker("reasoning")(there, 1, lambda *done: told.append(done))
    assert source == "written"
    assert [each.text for each in talk] == [
        f"{first.question}\n\n{steps.STEPS}",
        f"Short.\nAnswer: {first.answers[0]}",
    ]
    assert told[0][0] == 8
    store.write_examples([talk], name="reasoning")


def test_a_model_that_thinks_learns_its_thoughts(store: Store) -> None:
    there = place(store, [], THINK)
    first = next(e for e in TASK.examples(there, "train") if e.extra["wants"] != "choice")
    there = place(store, [f"<think>Well.</think>{first.answers[0]}"], THINK)
    ((talk, _),) = find_maker("reasoning")(there, 1, lambda *done: None)
    assert [each.text for each in talk] == [first.question, first.answers[0]]
    assert talk[1].reasoning == "Well."


def test_a_model_that_gets_nothing_right_makes_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[find_maker("reasoning").__module__]
    monkeypatch.setattr(module, "examples", lambda place, pool: [SUM])
    assert not find_maker("reasoning")(place(store, ["No idea."]), 5, lambda *done: None)
