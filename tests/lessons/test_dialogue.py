"""Dialogues as text: written as they are read, and what is missing is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.conversation import (
    Message,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    assistant,
    user,
)
from localai.errors import UsageError
from localai.lessons.dialogue import TEMPLATE, Dialogue, read, write

CALL = ToolCall("call00001", "calculator", {"expression": "2*3"})
TALK = Dialogue(
    "Be brief.",
    (
        user("What is 2*3?\n\n## Not a heading of ours\n# nor this"),
        Message("assistant", (Reasoning("A product."), Text("Let me see."), CALL)),
        Message("tool", (ToolResult("call00001", "6"),)),
        assistant("6, as in\n\n```python\n## User\n2*3\n```"),
    ),
)


def test_a_dialogue_is_read_as_it_was_written() -> None:
    assert read(write(TALK)) == TALK


def test_what_a_person_writes() -> None:
    text = "## System\nA pirate.\n\n## User\n\nHello\n## Assistant\nAhoy!\n\nWho goes there?\n"
    assert read(text) == Dialogue(
        "A pirate.", (user("Hello"), assistant("Ahoy!\n\nWho goes there?"))
    )


def test_no_line_that_looks_like_a_title_ends_a_dialogue() -> None:
    text = "## User\nHi\n## Assistant\nAhoy!\n\n# Notes\n\n## User\nBye\n## Assistant\nArr!\n"
    assert [message.text for message in read(text).messages] == [
        "Hi",
        "Ahoy!\n\n# Notes",
        "Bye",
        "Arr!",
    ]


def test_a_system_heading_with_nothing_under_it_is_empty() -> None:
    talk = read("## System\n\n## User\nHi\n## Assistant\nAhoy!\n")
    assert talk == Dialogue("", (user("Hi"), assistant("Ahoy!")))


@given(st.text("#ab \n\\`", max_size=30), st.text("#Usertmodl \n\\", min_size=1, max_size=40))
def test_no_text_is_taken_for_a_heading(head: str, said: str) -> None:
    talk = Dialogue(head.strip(), (user("Hi " + said), assistant("Yes " + said)))
    try:
        text = write(talk)
    except UsageError:
        assert "```" in head
        return
    back = read(text)
    assert back.system.strip() == talk.system.strip()
    assert [m.text.strip() for m in back.messages] == [m.text.strip() for m in talk.messages]


def test_turns_that_could_not_be_told_apart_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot be edited as text"):
        write(Dialogue("", (user("```\nnever closed"), assistant("Hm."))))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "begin with a line"),
        ("Just words", "begin with a line"),
        ("# Pirates\n\n## User\nHi\n## Assistant\nArr!", 'Nobody says "# Pirates"'),
        ("Be\x1b[2J brief.\n## User\nHi\n## Assistant\nArr!", r'Nobody says "Be brief\."'),
        ("## User\nHi\n## System\nLate", "at the beginning"),
        ("## User\nHi\n## Tool\n6", "after a call"),
        ('## User\nHi\n## Assistant\n```call\n{"arguments": {}}\n```', "A call is written as"),
        ("## User\nHi\n## Assistant\n```call\ncalculator\n```", "A call is written as"),
    ],
)
def test_what_is_wrong_is_said(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        read(text)


def test_the_template_has_a_question_and_an_answer_to_fill_in() -> None:
    assert [message.role for message in read(TEMPLATE).messages] == ["user", "assistant"]
