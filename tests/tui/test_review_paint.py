"""Examples as text: what a correction changed, what a line of the list says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localai.conversation import Message, ToolCall, ToolResult, assistant, user
from localai.lessons.preview import Preview, Seen
from localai.lessons.words import source
from localai.store.tuning import StoredExample
from tui.review import paint, tokens
from tui.review.diff import NEW, OLD, compared
from tui.review.values import Filter, Sheet

WORDS = st.text("ab .\n", max_size=60)


def example(**given: object) -> StoredExample:
    values = {
        **{"id": "X", "source": "correction", "name": "", "state": "pending", "reason": "edited"},
        **{"leaf": "L", "rejected": "", "whole": False, "created": 0.0, "conversation": "C"},
        **{"question": "Who?", "answer": "I."},
        **given,
    }
    return StoredExample(**values)  # type: ignore[arg-type]


@given(WORDS, WORDS)
def test_both_texts_can_be_read_out_of_what_changed(rejected: str, chosen: str) -> None:
    shown = compared(rejected, chosen)
    spans = {str(span.style): "" for span in shown.spans}
    for span in shown.spans:
        spans[str(span.style)] += shown.plain[span.start : span.end]
    assert len(shown.plain) - len(spans.get(OLD, "")) in (len(chosen), len(chosen) + 1)
    assert len(shown.plain) - len(spans.get(NEW, "")) in (len(rejected), len(rejected) + 1)


def test_a_change_is_shown_in_its_place() -> None:
    shown = compared("It is 3 km away.", "It is 12 km away.")
    assert [(shown.plain[s.start : s.end], s.style) for s in shown.spans] == [
        ("3", OLD),
        ("12", NEW),
    ]


def test_what_has_nothing_in_common_stands_apart() -> None:
    assert compared("No idea.", "It sails at noon").plain == "No idea.\nIt sails at noon"


def test_texts_too_long_to_compare_stand_apart() -> None:
    old, new = "a " * 1_500, "a " * 1_499 + "b "
    assert compared(old, new).plain == f"{old}\n{new}"


def test_a_line_says_where_an_example_comes_from() -> None:
    assert source(example()) == "correction"
    assert source(example(reason="no-tool")) == "correction: call too many"
    assert source(example(source="imported", reason="", name="a\x1b[2Jset")) == ("aset · imported")
    line = paint.row(example(question="Who " * 30), 60, tall=False)
    assert line.cell_length <= 60
    assert line.plain.startswith("○ Who Who")
    assert "…" in line.plain


def test_a_line_fits_where_there_is_no_room() -> None:
    for width in (-5, 0, 1, 7):
        assert paint.row(example(), width, tall=False)
        assert paint.row(example(), width, tall=True)
        assert paint.headline(Filter(), {("", "pending"): 3}, width)


def test_a_dialogue_that_is_learned_in_parts_says_so() -> None:
    seen = Seen((("a ", False), ("b", True)))
    assert (
        tokens.summary(Preview(example=example(), examples=(seen,)), 0).plain
        == "2 tokens, 1 learned"
    )
    many = Preview(example=example(whole=True), examples=(seen, seen), parts=True)
    assert tokens.summary(many, 1).plain == "2 tokens, 1 learned, in 2 parts · w: 2 of 2"
    ways = Preview(example=example(whole=True), examples=(seen, seen))
    assert tokens.summary(ways, 0).plain == "2 tokens, 1 learned, asked in 2 ways · w: 1 of 2"


def test_calls_and_results_are_shown_in_a_dialogue() -> None:
    call = Message("assistant", (ToolCall("c1", "calculator", {"expression": "2*3"}),))
    found = Message("tool", (ToolResult("c1", "6"),))
    turns = (user("2*3?"), call, found, assistant("It is 6.", "Easy"))
    shown = paint.texts(Sheet(example(whole=True), turns, system="Be brief.")).plain
    assert shown == (
        "system\nBe brief.\n\nuser\n2*3?\n\n"
        'assistant\ncalculator {"expression": "2*3"}\n\ntool\n6\n\nassistant\nEasy\nIt is 6.'
    )


def test_blanks_are_no_words_of_their_own() -> None:
    shown = compared("one two  three four five", "one two three four")
    assert [(shown.plain[s.start : s.end], s.style) for s in shown.spans] == [
        (" ", OLD),
        (" ", OLD),
        ("five", OLD),
    ]


def test_no_more_is_compared_than_can_be_waited_for() -> None:
    old, new = "a." * 300, "a." * 299 + "b."
    assert compared(old, new).plain == f"{old}\n{new}"
