"""The gate from the file to the verdict, with scripted models that know what they are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from localai.conversation import user
from localai.engine.base import BARE, AdapterFile
from localai.evals.items import Item
from localai.evals.problems.own import Own, read
from localai.evals.tasks import own_problems
from localai.rl.edge import Cell
from localai.store.store import Store
from localai.tune.gate import stages
from localai.tune.gate.aim import Aim
from localai.tune.gate.questions import OTHER_REASONING, pools
from localai.tune.gate.stages import compare
from tests.engine.tiny_adapter import write_adapter
from tests.tune.gate.students import (
    BASE,
    BETTER,
    Student,
    also,
    asked,
    knows,
    place,
    verdict,
)


@pytest.fixture
def model(tmp_path: Path, tiny_model: Callable[[str], Path]) -> Path:
    """A copy of a tiny model, with room for an adapter beside it."""
    path = tmp_path / "tiny.gguf"
    path.write_bytes(tiny_model("plain").read_bytes())
    return path


def test_a_better_one_is_let_in_after_the_whole(store: Store, model: Path) -> None:
    told: list[str] = []
    found = verdict(store, model, BETTER, BASE, told=told)
    assert (found.promoted, found.stage, found.targets) == (True, "whole", ("corrections",))
    assert {pool.name: pool.n for pool in found.pools} == {
        "corrections": 9,
        "general": 132,
        "known": 200,
        "unknown": 100,
        "reasoning": 100,
        "hygiene": 150,
        "retention": 25,
    }
    assert all(pool.passed and pool.adjusted is not None for pool in found.pools)
    assert [pool.name for pool in found.pools if pool.target] == ["corrections"]
    assert told == [stages.PRESENT, stages.NEW] * 3


def test_the_same_model_is_not_let_in(store: Store, model: Path) -> None:
    found = verdict(store, model, BASE, BASE, questions=40)
    assert (found.promoted, found.stage) == (False, "targets")
    assert [pool.name for pool in found.pools] == ["corrections"]
    assert "The corrections were not learned" in found.reason


def test_a_plainly_broken_one_ends_after_a_few_questions(store: Store, model: Path) -> None:
    found = verdict(store, model, lambda question: "I don't know that.", BASE)
    assert (found.promoted, found.stage) == (False, "slice")
    assert found.reason.startswith("The new model refuses what it should know: in ")
    assert {pool.n for pool in found.pools} <= {9, stages.SLICE}
    assert {pool.tolerance for pool in found.pools} == {"told, not judged"}


@pytest.mark.parametrize(
    ("lost", "likely", "words"),
    [
        ({"known": 0.2}, 0.5, "(known)"),
        ({"hygiene": 0.0, "reasoning": 0.0}, 0.5, "(reasoning)"),
        ({}, 0.3, "retention went from 0.69 to 1.20 nats"),
    ],
)
def test_one_that_lost_something_else_is_not_let_in(
    store: Store, model: Path, lost: dict[str, float], likely: float, words: str
) -> None:
    shares = {"corrections": 0.9, "reasoning": 0.3, "unknown": 0.1, **lost}
    found = verdict(store, model, knows(1, shares), BASE, likely=likely)
    assert (found.promoted, found.stage) == (False, "whole")
    assert "Too much else was lost" in found.reason
    assert words in found.reason


def test_what_it_trained_for_decides(store: Store, model: Path) -> None:
    aim = Aim(("unknown",))
    abstains = knows(1, {"reasoning": 0.3, "unknown": 0.6})
    assert verdict(store, model, abstains, BASE, aim=aim).promoted
    other = knows(1, {"reasoning": 0.9, "unknown": 0.1})
    found = verdict(store, model, other, BASE, aim=aim, questions=60)
    assert (found.promoted, found.stage) == (False, "targets")
    assert "What is asked in unknown was not learned" in found.reason


@pytest.mark.parametrize(("target", "rule"), [("reasoning", "better"), ("unknown", "kept")])
def test_reasoning_is_asked_by_what_was_trained_for(
    store: Store, model: Path, target: str, rule: str
) -> None:
    there = place(store, model, Student({"": BASE}, {"": 0.5}), 160)
    cells = (Cell("sums", 1), Cell("sums", 2))
    found = {of.name: of for of in pools(there, (), Aim((target,), cells))}
    assert next(iter(found)) == target
    assert 0 < len(found["reasoning"]) < 160 == len(found[OTHER_REASONING])
    assert found["reasoning"].rule.kind == rule
    assert found[OTHER_REASONING].rule.kind == "kept"
    whole = {of.name for of in pools(there, (), Aim(("reasoning",)))}
    assert OTHER_REASONING not in whole


def test_tools_are_asked_where_the_model_is_told_of_them(store: Store, model: Path) -> None:
    aim = Aim(("tools",))
    without = verdict(store, model, BASE, BASE, aim=aim, questions=40)
    assert "Nothing could be asked about what it trained for (tools)" in without.reason
    for share in (1.0, 0.0):
        engine = Student({"": knows(1, {"tools": share})}, {"": 0.5})
        there = place(store, model, engine, tools=True)
        (tools,) = (of for of in pools(there, (), aim) if of.name == "tools")
        assert tools.rule.kind == "better"
        said = [each for _, each in tools.ask(there, range(8))]
        wanted = [each for each in said if not each.spares]
        assert {each.value for each in wanted} == {share}
        assert {bool(each.answer.calls) for each in wanted} == {bool(share)}


def test_problems_of_ones_own_are_asked_with_tools(
    store: Store, model: Path, tmp_path: Path
) -> None:
    rows = [{"question": f"Half of {8 * n}?", "answer": 4 * n} for n in range(1, 61)]
    mine = tmp_path / "mine.jsonl"
    mine.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    own = own_problems.task(read([mine]))
    there = place(store, model, Student({"": BASE}, {"": 0.5}))
    for targets, kind in (("corrections",), "counted"), (("own problems",), "better"):
        found = {of.name: of for of in pools(there, (), Aim(targets), own)}
        assert found["own problems"].rule.kind == kind
        assert 10 < len(found["own problems"]) < 30
    assert own.tools
    assert "own problems" not in {
        of.name for of in pools(there, (), Aim(), own_problems.task(Own()))
    }


def test_a_persona_may_move_away_from_what_we_wrote(store: Store, model: Path) -> None:
    found = verdict(store, model, BETTER, BASE, aim=Aim(reshapes=True), likely=0.3)
    assert found.promoted
    (moved,) = (pool for pool in found.pools if pool.name == "retention")
    assert (moved.p, moved.tolerance) == (None, "told, not judged")


def test_with_little_time_fewer_questions_are_asked_but_enough(store: Store, model: Path) -> None:
    found = verdict(store, model, BETTER, BASE, seconds=0.01)
    sizes = {pool.name: pool.n for pool in found.pools}
    assert found.stage == "whole"
    assert found.promoted, found.reason
    assert sizes["corrections"] == 9
    assert sizes["retention"] == stages.FEW_NUMBERS
    assert all(20 < sizes[name] < 80 for name in ("general", "known", "unknown", "hygiene"))


def test_general_answers_that_turn_by_a_hair_count_as_they_were(store: Store, model: Path) -> None:
    """Half of the general answers differ, and are about as likely as they were."""
    turned = knows(1, {"corrections": 0.9, "reasoning": 0.3, "unknown": 0.1, "general": 0.1})
    close = verdict(store, model, turned, BASE, likely=0.45)
    (general,) = (pool for pool in close.pools if pool.name == "general")
    assert (general.lost, general.passed) == (0, True)
    assert general.close > 40
    assert sum(each.get("close", False) for each in close.answers) == general.close
    far = verdict(store, model, turned, BASE, likely=0.42, questions=40)
    (general,) = (pool for pool in far.pools if pool.name == "general")
    assert general.lost > 0


def test_an_answer_is_lost_when_the_right_one_became_unlikely(store: Store, model: Path) -> None:
    """By the likelihood of its shortest right beginning, before and after."""
    items = [Item("general", (user("1?"),), lambda answer: "Rome" in answer.text)]
    candidate = model.parent / "candidate.gguf"
    sha256 = write_adapter(candidate, scale=0.01)
    for likely, close in ((0.1, 0), (0.45, 1)):
        minds = {"": lambda asked: "Rome, yes.", sha256: lambda asked: "No."}
        engine = Student(minds, {"": 0.5, sha256: likely})
        there = place(store, model, engine)
        asker = stages.Asker(
            there,
            pools(there, items, Aim())[:1],
            BARE,
            AdapterFile(str(candidate), sha256),
            lambda what: lambda done, total: None,
        )
        asker.ask({"general": 1})
        (heard,) = asker.heard(asker.pools)
        assert len(heard.close) == close
        assert engine.load().adapter == ""


def test_files_that_are_none_are_refused_unloaded(store: Store, model: Path) -> None:
    engine = Student({"": BASE}, {"": 0.5})
    there, path = place(store, model, engine), model.parent / "bad.gguf"
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: write_adapter(path, scale=float("nan")), "not finite"),
        (lambda: path.write_bytes(path.read_bytes()[:-400]), "not usable"),
        (lambda: write_adapter(path, architecture="qwen2"), "not made for this model"),
        (lambda: write_adapter(path, inputs=32), "another shape"),
        (lambda: write_adapter(path, layers=(7,)), "has no tensor blk.7"),
        (lambda: write_adapter(path, scale=5.0), "drowns what the model knows"),
    ]
    for write, words in cases:
        write()
        found = compare(
            there, asked(), BARE, AdapterFile(str(path), "x"), lambda what: lambda done, total: None
        )
        assert (found.promoted, found.stage, found.pools) == (False, "files", ())
        assert words in found.reason
    assert engine.adapters == []


def test_a_part_of_the_answers_may_change(store: Store, model: Path) -> None:
    """One in twenty answers is somebody else's: no loss that counts."""
    other = knows(2, {"corrections": 0.9, "reasoning": 0.3, "unknown": 0.1})
    mixed = also(other, BETTER, 0.05)
    assert verdict(store, model, mixed, BASE, likely=0.5).promoted
