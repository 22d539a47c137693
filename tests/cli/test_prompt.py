from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.cli import prompt
from localai.errors import UsageError


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_valid_text_is_read_as_it_is(text: str) -> None:
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    assert prompt.decode(text.encode()) == prompt.Piped(text, 0)
    assert prompt.decode(b"\xef\xbb\xbf" + text.encode()) == prompt.Piped(text, 0)


@given(st.binary())
def test_any_bytes_become_text(data: bytes) -> None:
    piped = prompt.decode(data)
    piped.text.encode()
    assert piped.replaced <= piped.text.count("\ufffd")


def test_the_question_comes_last() -> None:
    assert prompt.compose(["why", "so?"], "\nnotes\n\n") == "notes\n\nwhy so?"
    assert prompt.compose([], "notes\n") == "notes"
    assert prompt.compose(["why?"], " \n") == "why?"


@pytest.mark.parametrize(("words", "piped"), [([], ""), (["", " "], "\n")])
def test_nothing_to_ask(words: list[str], piped: str) -> None:
    with pytest.raises(UsageError, match="nothing to ask"):
        prompt.compose(words, piped)


def test_an_argument_that_is_not_utf8() -> None:
    assert prompt.argument(os.fsdecode(b"caf\xe9")) == "caf\ufffd"


def test_too_much_input_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt, "MAX_BYTES", 10)
    assert prompt.read_piped(io.BytesIO(b"x" * 10)).text == "x" * 10
    with pytest.raises(UsageError, match="pipe in the part that matters"):
        prompt.read_piped(io.BytesIO(b"x" * 11))


def test_what_counts_as_piped() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe, Path(os.devnull).open("rb") as nothing:
        os.close(writing)
        assert prompt.is_piped(pipe)
        assert not prompt.is_piped(nothing)
