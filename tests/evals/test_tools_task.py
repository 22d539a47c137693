"""The task about tools: asked with real calls, scored by what was called and what was told."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai.config import Settings, ToolSettings
from localai.engine.scripted import ScriptedEngine
from localai.evals.task import Answer, Called, Example, Scores
from localai.evals.tasks import find
from localai.evals.tasks.tools import macro_f1, precision, recall, score
from localai.evals.tool_questions.pool import questions
from localai.evals.tool_questions.telling import tells
from localai.store.store import Store
from localai.tools.allowed import Allowed
from localai.tools.registry import builtin
from localai.tools.toolbox import Toolbox
from tests.evals.places import place

TOOLS = ("calculator", "clock", "date_difference", "date_add", "weekday", "search_chats")
SUM = Example(id="s", question="2*3?", tool="calculator", arguments={"expression": "2 * 3"})
CLOCK = "2026-11-28T18:05:09+00:00 (Saturday, UTC)"
NONE = Example(id="n", question="Who?", tool="")


def called(name: str = "calculator", *, ok: bool = True, **arguments: object) -> Called:
    result = {"clock": CLOCK, "date_add": "2026-03-15 (Sunday)"}.get(name, "6")
    return Called(name, dict(arguments), result, ok)


def scores(example: Example, text: str, *calls: Called) -> Scores:
    return score(example, (Answer(text=text, calls=calls),))


def test_a_right_call_whose_result_is_told_counts_in_everything() -> None:
    found = scores(SUM, "It is 6.", called(expression="3*2"))
    assert found == {
        "routed": 1,
        "wanted": 1,
        "chosen": 1,
        "called": 1,
        "value": 1,
        "ran": 1,
        "used": 1,
    }


@pytest.mark.parametrize(
    ("text", "call", "lost"),
    [
        ("It is 6.", called(expression="2*4"), {"value"}),
        ("It is 7.", called(expression="2*3"), {"used"}),
        ("It is 6.", called(expression="2*3", ok=False), {"ran", "used"}),
        ("It is 6.", called(expression="2*"), {"value"}),
        ("It is 6.", called(sum="2*3"), {"value"}),
        ("It is 6.", called("clock"), {"routed", "value", "ran", "used"}),
        ("It is 6.", None, {"routed", "called", "value", "ran", "used", "no_tool"}),
    ],
)
def test_what_is_amiss_shows_where_it_is(text: str, call: Called | None, lost: set[str]) -> None:
    found = scores(SUM, text, *([call] if call else []))
    assert {name for name, each in found.items() if not each} - {"chosen"} == lost


def test_where_no_tool_is_wanted_none_is_right() -> None:
    assert scores(NONE, "Shakespeare.") == {"routed": 1, "wanted": 0, "chosen": 0, "no_tool": 1}
    assert scores(NONE, "6", called()) == {"routed": 0, "wanted": 0, "chosen": 1}


def test_another_tool_may_do_as_well() -> None:
    example = Example(
        id="q",
        question="Where is my hat?",
        kind="search",
        tool="search_chats",
        arguments={"query": "hat"},
        extra={"also": ["search_notes"], "value": "in the box"},
    )
    found = scores(example, "In the box.", called("search_notes", query="my hat"))
    assert (found["routed"], found["argument"], found["used"]) == (1, 1, 1)
    assert scores(example, "In the box.", called("search_notes", query="cap"))["argument"] == 0


def test_a_zone_is_the_same_by_any_of_its_names() -> None:
    example = Example(id="c", question="", tool="clock", arguments={"zone": "Tokyo"})
    assert scores(example, "", called("clock", zone="Asia/Tokyo"))["argument"] == 1
    assert scores(example, "", called("clock"))["argument"] == 0


def test_dates_are_compared_by_what_comes_of_them() -> None:
    wanted = {"date": "2026-03-01", "weeks": 2}
    example = Example(id="d", question="", tool="date_add", arguments=wanted)
    assert scores(example, "", called("date_add", date="2026-03-01", days=14))["argument"] == 1
    assert scores(example, "", called("date_add", date="2026-03-01", days=2))["argument"] == 0
    assert scores(example, "", called("date_add", date="1 March", weeks=2))["argument"] == 0


def test_precision_recall_and_f1_are_of_all_answers_together() -> None:
    found = [
        scores(SUM, "", called(expression="2*3")),
        scores(SUM, ""),
        scores(NONE, ""),
        scores(NONE, "", called()),
    ]
    assert precision(found) == 1 / 2
    assert recall(found) == 1 / 2
    assert macro_f1(found) == 1 / 2
    assert precision([scores(NONE, "")]) == 0


@pytest.mark.parametrize(
    ("tool", "kind", "result", "text", "told"),
    [
        ("calculator", "", "1234.5", "It is 1,234.5.", True),
        ("calculator", "", "12", "It is 123.", False),
        ("calculator", "", "12", "It is 12.5.", False),
        ("calculator", "", "3.33333333333333", "About 3.33.", True),
        ("calculator", "", "-4", "That is -4", True),
        ("clock", "time", CLOCK, "It is 18:05.", True),
        ("clock", "time", CLOCK, "It is 6:05 p.m.", True),
        ("clock", "time", CLOCK, "It is 8:05.", False),
        ("clock", "date", CLOCK, "Today is 28 November 2026.", True),
        ("clock", "date", CLOCK, "Today is 2026-11-27.", False),
        ("clock", "weekday", CLOCK, "No, it is Saturday.", True),
        ("clock", "year", CLOCK, "2026", True),
        ("clock", "month", CLOCK, "We are in November.", True),
        ("weekday", "", "Friday", "It was a Friday.", True),
        ("weekday", "", "Friday", "It was a Monday.", False),
        ("date_difference", "", "14 days", "That is 14 days.", True),
        ("date_add", "", "2026-03-15 (Sunday)", "On March 15, 2026.", True),
    ],
)
def test_an_answer_tells_a_result(tool: str, kind: str, result: str, text: str, told: bool) -> None:
    extra = {"tells": kind} if kind else {}
    example = Example(id="x", question="", tool=tool, extra=extra)
    assert tells(example, result, text) is told


def test_that_nothing_was_found_has_to_be_said() -> None:
    example = Example(id="x", question="", tool="search_chats", extra={"value": ""})
    assert tells(example, "Nothing ...", "I found nothing about it.")
    assert not tells(example, "Nothing ...", "It is in the cellar.")


def test_questions_are_asked_with_real_calls(store: Store) -> None:
    asked = questions("gate", TOOLS)
    kinds = ("calculator", "search", "none-fact", "clock")
    some = [next(each for each in asked if each.kind == kind) for kind in kinds]
    replies = [
        f'calculator(expression="{some[0].arguments["expression"]}")',
        f'search_chats(query="{some[1].arguments["query"]}")',
        "I think so.",
        "clock()",
        "It is 0.",
        f"It is {some[1].extra['value']}.",
        "It is Thursday, 13 May 2027.",
    ]
    there = place(store, ScriptedEngine(replies), Toolbox([builtin(name) for name in TOOLS]))
    task = find("tools")
    assert task.ask is not None
    found = {each.example.id: each for each in task.ask(there, task, some, task.manner)}
    of_sum, of_search, of_none, of_clock = (found[each.id] for each in some)
    assert [of_sum.scores[name] for name in ("value", "ran", "used")] == [1, 1, 0]
    assert of_search.scores["used"] == 1
    assert some[1].extra["said"] in of_search.answers[0].calls[0].result
    assert of_none.scores["no_tool"] == 1
    assert of_clock.scores["used"] == 1
    assert store.conversations() == ()


def test_notes_are_searched_where_a_folder_is_allowed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text("My own passport is in the safe.", "utf-8")
    box = Toolbox([builtin("search_notes")], Allowed((str(tmp_path),)))
    settings = Settings(tools=ToolSettings(folders=[tmp_path]))
    example = next(each for each in questions("gate", ["search_notes"]) if each.tool)
    replies = ['search_notes(query="passport safe")', "Nothing."]
    there = place(store, ScriptedEngine(replies), box, settings=settings)
    task = find("tools")
    assert task.ask is not None
    (found,) = task.ask(there, task, [example], task.manner)
    assert "own passport" not in found.answers[0].calls[0].result
    assert found.answers[0].calls[0].ok
