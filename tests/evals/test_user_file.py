"""Files of questions: what is read, what a mistake is called, what counts as right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from localai.conversation import assistant, system, user
from localai.errors import UsageError
from localai.evals import asking, matching
from localai.evals.rows import FIELDS
from localai.evals.task import Answer, Called, Example, Pool, Scores, Task
from localai.evals.tasks import user_file
from localai.store.store import Store
from tests.evals.places import place


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "mine.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def examples(task: Task, store: Store, pool: Pool = "dev") -> list[Example]:
    """By their ids, as they are in no order that matters."""
    return sorted(task.examples(place(store), pool), key=lambda each: each.id)


def test_lines_become_questions(tmp_path: Path, store: Store) -> None:
    path = written(
        tmp_path,
        {"question": "Capital of Peru?", "answer": "Lima", "kind": "towns", "level": 2},
        {"question": "Half of 3?", "answers": [1.5, "one and a half"], "id": "half"},
        {"question": "Who wins in 2080?", "unanswerable": True, "system": "Be brief."},
        {"question": "What is 12*12?", "tool": "calculator", "arguments": {"expression": "12*12"}},
        {"question": "Hi!", "tool": None, "answer_regex": "(?i)hello|hi"},
        {"question": "Thanks!", "tool": "none"},
    )
    task = user_file.read(path)
    assert (task.name, task.tools) == ("mine.jsonl", True)
    half, capital, future, sums, greeting, thanks = examples(task, store)
    assert (half.id, half.answers) == ("half", ("1.5", "one and a half"))
    assert (capital.id, capital.kind, capital.level) == ("line-1", "towns", 2)
    assert future.unanswerable
    assert future.context == (system("Be brief."),)
    assert (sums.tool, sums.arguments) == ("calculator", {"expression": "12*12"})
    assert (greeting.tool, greeting.pattern) == (None, "(?i)hello|hi")
    assert thanks.tool == ""
    assert all(examples(task, store, pool) == examples(task, store) for pool in get_args(Pool))


def test_messages_stand_before_the_question_or_end_with_it(tmp_path: Path, store: Store) -> None:
    talk = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "I have a cat."},
        {"role": "assistant", "content": [{"type": "text", "text": "Lovely!"}]},
    ]
    asks = {"role": "user", "content": "What have I?"}
    path = written(
        tmp_path,
        {"messages": talk, "question": "What have I?", "answer": "cat"},
        {"messages": [*talk, asks], "answer": "cat"},
    )
    found = examples(user_file.read(path), store)
    assert [each.question for each in found] == ["What have I?"] * 2
    assert found[0].context == found[1].context
    assert [(each.role, each.text) for each in found[0].context] == [
        (each.role, each.text)
        for each in (system("Be kind."), user("I have a cat."), assistant("Lovely!"))
    ]


CSV = """\ufeffquestion,answers,unanswerable,tool,arguments,level
"Capital of Peru, please?",Lima|Ciudad de Lima,,,,1
Who wins in 2080?,,TRUE,,,
What is 2+2?,4,,calculator,"{""expression"": ""2+2""}",

Thanks!,,,none,,
"""


def test_a_table_is_read_by_its_first_line(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "mine.CSV"
    path.write_text(CSV, "utf-8")
    capital, future, sums, thanks = examples(user_file.read(path), store)
    assert capital.question == "Capital of Peru, please?"
    assert (capital.answers, capital.level) == (("Lima", "Ciudad de Lima"), 1)
    assert future.unanswerable
    assert (sums.answers, sums.tool) == (("4",), "calculator")
    assert sums.arguments == {"expression": "2+2"}
    assert (thanks.id, thanks.tool) == ("line-6", "")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"question": "Why?"}, "nothing says what makes an answer right"),
        ({"answer": "Lima"}, "it has no question"),
        ({"question": "  ", "answer": "Lima"}, "it has no question"),
        ({"question": "Why?", "anwser": "Lima"}, "there is no field 'anwser'; there are: question"),
        ({"question": 3, "answer": "Lima"}, "question must be a text"),
        ({"question": "Why?", "answer": ["Lima"]}, "answer must be a text or a number"),
        ({"question": "Why?", "answer": "?!"}, "has no word in it"),
        ({"question": "Why?", "unanswerable": "yes"}, "unanswerable must be true or false"),
        ({"question": "Why?", "unanswerable": True, "answer": "Lima"}, "take one of the two out"),
        ({"question": "Why?", "answer": "Lima", "arguments": {"a": 1}}, "name the tool"),
        ({"question": "Why?", "answer_regex": "("}, "answer_regex cannot be used: missing"),
        ({"question": "Why?", "answer_regex": "a" * 1001}, "more than 1000 characters"),
        ({"messages": [{"role": "boss", "content": "Go!"}], "answer": "Lima"}, "a role that"),
        ({"messages": ["Go!"], "answer": "Lima"}, "messages must be a list of objects"),
        (
            {"system": "A.", "messages": [{"role": "system", "content": "B."}], "answer": "Lima"},
            "a system text can only stand at the beginning, and once",
        ),
        ({"question": "Why?", "answer": "Lima", "id": "first"}, "line 1 has the id 'first', too"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, row: dict[str, Any], why: str) -> None:
    path = written(tmp_path, {"question": "Who?", "answer": "I", "id": "first"}, row)
    with pytest.raises(UsageError) as caught:
        user_file.read(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")
    assert why in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.jsonl", b"", "has no questions"),
        ("a.jsonl", b"[1]", "line 1: it is no JSON object."),
        ("a.jsonl", b'\n{"question": }', "line 2: it is no JSON."),
        ("a.jsonl", b"\xff\xfe", "is not UTF-8"),
        ("a.py", b"TASK = 1", "is Python"),
        ("a.csv", b"question,reply\nWhy?,Lima\n", "line 1: there is no field 'reply'"),
        ("a.csv", b"question,answer\nWhy?,Lima,Peru\n", "line 2: it has more cells"),
        ("a.csv", b"question,tool,arguments\nWhy?,clock,{\n", "line 2: arguments is no JSON."),
        ("a.csv", b'question,answer\n"Why?,Lima\n', "unexpected end of data"),
    ],
)
def test_what_is_no_file_of_questions_is_refused(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        user_file.read(path)
    assert why in str(caught.value)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        user_file.read(tmp_path / "none.jsonl")


def scored(said: str, calls: tuple[Called, ...] = (), **fields: Any) -> Scores:
    example = Example(id="a", question="?", **fields)
    return user_file.score(example, [Answer(text=said, calls=calls)])


@pytest.mark.parametrize(
    ("said", "answers", "right"),
    [
        ("It is Lima, of course.", ("lima",), 1),
        ("It is Limassol.", ("lima",), 0),
        ("A city.", ("Lima", "a city"), 1),
        ("That makes 1,500 in all.", ("1500",), 1),
        ("That is fifteen.", ("15",), 1),
        ("It is 1.50.", ("1.5",), 1),
        ("It is 15.", ("1.5",), 0),
        ("In 1984.", ("1984",), 1),
        ("", ("Lima",), 0),
    ],
)
def test_an_answer_has_the_words_or_the_number(
    said: str, answers: tuple[str, ...], right: float
) -> None:
    assert scored(said, answers=answers) == {"right": right, "false_abstained": 0}


def test_saying_that_one_does_not_know_is_told_apart() -> None:
    dunno = "I don't know."
    assert scored(dunno, unanswerable=True) == {"right": 1, "abstained": 1}
    assert scored("Lima.", unanswerable=True) == {"right": 0, "abstained": 0}
    assert scored(dunno, answers=("Lima",)) == {"right": 0, "false_abstained": 1}


def test_an_expression_is_looked_for_anywhere() -> None:
    assert scored("Well, hello!", pattern="[Hh]ello")["right"] == 1
    assert scored("Well, HELLO!", pattern="[Hh]ello")["right"] == 0
    assert scored("Lima", answers=("Lima",), pattern="[Hh]ello")["right"] == 1


def test_an_expression_that_takes_for_ever_is_given_up() -> None:
    assert not matching.matches("(a+)+$", "a" * 50 + "b", seconds=0.5)
    assert matching.matches("(a+)+b$", "a" * 50 + "b")


def call(name: str = "calculator", **arguments: Any) -> tuple[Called, ...]:
    return (Called(name, arguments, "4", ok=True),)


@pytest.mark.parametrize(
    ("calls", "tool", "arguments", "wanted"),
    [
        (call(expression="2 + 2"), "calculator", {}, {"right": 1, "tool": 1}),
        (call("clock"), "calculator", {}, {"right": 0, "tool": 0}),
        ((), "calculator", {}, {"right": 0, "tool": 0}),
        ((), "", {}, {"right": 1, "tool": 1}),
        (call(), "", {}, {"right": 0, "tool": 0}),
        (call(a="1.0", b="X"), "calculator", {"a": 1}, {"right": 1, "tool": 1, "arguments": 1}),
        (call(a="Rome "), "calculator", {"a": "rome"}, {"right": 1, "tool": 1, "arguments": 1}),
        (call(a="2"), "calculator", {"a": 1}, {"right": 0, "tool": 1, "arguments": 0}),
        (call("clock", a=1), "calculator", {"a": 1}, {"right": 0, "tool": 0, "arguments": 0}),
    ],
)
def test_a_tool_is_called_as_it_should(
    calls: tuple[Called, ...], tool: str, arguments: dict[str, Any], wanted: Scores
) -> None:
    assert scored("4", calls, tool=tool, arguments=arguments) == wanted


def test_everything_that_a_line_asks_for_must_hold() -> None:
    both: dict[str, Any] = {"answers": ("4",), "tool": "calculator"}
    assert scored("It is 4.", call(), **both)["right"] == 1
    assert scored("It is 5.", call(), **both)["right"] == 0
    assert scored("It is 4.", (), **both)["right"] == 0


PAGE = (Path(__file__).resolve().parents[2] / "docs" / "questions.md").read_text("utf-8")


def block(kind: str) -> str:
    """The first block of that kind on the page about files of questions."""
    return PAGE.split(f"```{kind}\n")[1].split("```")[0]


def test_the_page_has_every_field_and_its_example_can_be_used(tmp_path: Path) -> None:
    table = PAGE.split("| field |")[1].split("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert {name for cell in cells for name in cell.split("`")[1::2]} == set(FIELDS)
    path = tmp_path / "page.jsonl"
    path.write_text(block("json"), "utf-8")
    assert user_file.read(path).tools


def test_the_task_on_the_page_works(store: Store) -> None:
    held: dict[str, Any] = {}
    exec(block("python"), held)
    there, task = place(store, ["A mouse."]), held["TASK"]
    (found,) = asking.ask(there, task, task.examples(there, "dev"), task.manner)
    assert found.scores == {"right": 1}


def test_a_file_is_asked_like_any_task(tmp_path: Path, store: Store) -> None:
    rows = [{"question": f"Capital {at}?", "answer": "Lima", "system": "Be brief."} for at in "ab"]
    task = user_file.read(written(tmp_path, *rows))
    there = place(store, ["Lima.", "Rome."])
    found = list(asking.ask(there, task, task.examples(there, "gate"), task.manner))
    assert [each.scores["right"] for each in found] == [1, 0]
