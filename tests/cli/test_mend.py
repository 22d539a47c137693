from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.cli.mend import mend, mend_code


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("This is **bo", "This is **bo**"),
        ("This is **bold*", "This is **bold**"),
        ("This is **bold**", "This is **bold**"),
        ("This is **", "This is "),
        ("Call `sor", "Call `sor`"),
        ("Call `sorted`", "Call `sorted`"),
        ("Call `a ** b", "Call `a ** b`"),
        ("Text\n-", "Text"),
        ("Text\n---", "Text"),
        ("Text\n\n1.", "Text\n"),
        ("Text\n\n``", "Text\n"),
        ("Text\n\n```pyth", "Text\n"),
        ("Text\n\n| a | b |", "Text\n"),
        ("Text\n\n| a | b |\n|--", "Text"),
        ("| a |\n|---|\n| half", "| a |\n|---|"),
        ("It is 42", "It is 42"),
        ("**Two\nlines", "**Two\nlines**"),
        ("2 * 3 and more", "2 * 3 and more"),
    ],
)
def test_half_written_markup_does_not_show(written: str, shown: str) -> None:
    assert mend(written) == shown


@given(st.text("ab \n"))
def test_text_without_markup_stays(text: str) -> None:
    assert mend(text).split() == text.split()


def test_in_code_only_the_closing_fence_is_held_back() -> None:
    assert mend_code("```\nx **") == "```\nx **"
    assert mend_code("```\nx\n``") == "```\nx"
    assert mend_code("```") == "```"
