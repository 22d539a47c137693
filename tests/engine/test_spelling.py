"""Looking up tokens by their bytes, in a vocabulary of bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localai.engine.spelling import Spelling
from tests.engine.bytewise import ANSWER, END, THINK, TOKENIZER, TURN

SPELLING = Spelling(TOKENIZER)


@given(st.text("<>/think é\n", max_size=20).map(str.encode))
def test_what_is_spelled_is_those_bytes(data: bytes) -> None:
    spelled = SPELLING.spell(data)
    assert spelled is not None
    assert b"".join(map(TOKENIZER.piece_bytes, spelled)) == data
    assert spelled.count(THINK) == data.count(b"<think>")


def test_tokens_of_control_are_not_text() -> None:
    assert SPELLING.spell(b"<|turn|>") == list(b"<|turn|>")
    assert set(SPELLING.control) == {END, TURN}


def test_tokens_are_found_by_their_first_byte() -> None:
    assert set(SPELLING.beginning[ord("<")]) == {ord("<"), THINK, ANSWER}
    assert SPELLING.single[ord("<")] == ord("<")
    assert len(SPELLING.beginning) == len(SPELLING.single) == 256
