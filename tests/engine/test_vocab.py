"""A vocabulary as the renderer and the stream see it, without a model."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from localai.engine.vocab import CONTROL, UNKNOWN, USER_DEFINED, VocabTokenizer
from tests.engine.bytewise import ANSWER, END, THINK, TOKENIZER, TURN

NORMAL = 4


@dataclass
class Table:
    """`vocab.Vocab` from a table of pieces."""

    table: list[tuple[bytes, int]]
    bos: int = -1
    eos: int = -1
    add_bos: bool = False
    asked: list[tuple[bytes, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.size = len(self.table)

    def attributes(self) -> list[int]:
        return [bits for _, bits in self.table]

    def ends(self) -> frozenset[int]:
        return frozenset({self.eos}) if self.eos >= 0 else frozenset()

    def pieces(self) -> list[bytes]:
        return [piece for piece, _ in self.table]

    def tokenize(self, text: bytes, *, special: bool) -> list[int]:
        self.asked.append((text, special))
        return [0]


def test_what_a_token_is() -> None:
    assert [TOKENIZER.is_control(id) for id in (END, TURN, THINK, 97)] == [True, True, False, False]
    assert [TOKENIZER.is_marker(id) for id in (THINK, ANSWER, END, 97)] == [
        True,
        True,
        False,
        False,
    ]
    assert TOKENIZER.control == {
        "<think>": THINK,
        "</think>": ANSWER,
        "<|end|>": END,
        "<|turn|>": TURN,
    }
    assert TOKENIZER.eog == {END}
    assert TOKENIZER.size == 260


def test_an_unknown_token_is_never_shown() -> None:
    tokenizer = VocabTokenizer(Table([(b"<unk>", UNKNOWN), (b"a", NORMAL)]))
    assert tokenizer.is_control(0)
    assert tokenizer.control == {"<unk>": 0}


def test_a_vocabulary_may_have_no_beginning_and_no_end() -> None:
    without = VocabTokenizer(Table([(b"a", NORMAL)]))
    assert (without.bos, without.eos, without.bos_text, without.eos_text) == (None, None, "", "")
    with_ = VocabTokenizer(Table([(b"<s>", CONTROL), (b"</s>", CONTROL)], bos=0, eos=1))
    assert (with_.bos, with_.eos, with_.bos_text, with_.eos_text) == (0, 1, "<s>", "</s>")


def test_part_of_a_character_has_exact_bytes_and_readable_text() -> None:
    assert TOKENIZER.piece_bytes(0xC3) == b"\xc3"
    assert TOKENIZER.piece(0xC3) == "\ufffd"


@pytest.mark.parametrize("special", [True, False])
def test_text_that_is_not_unicode_is_replaced(special: bool) -> None:
    table = Table([(b"a", NORMAL)])
    VocabTokenizer(table).tokenize("é\ud800", special=special)
    assert table.asked == [("é?".encode(), special)]


def test_the_name_of_a_vocabulary_covers_every_token_and_what_it_is() -> None:
    tables = [
        [(b"ab", NORMAL), (b"c", NORMAL)],
        [(b"a", NORMAL), (b"bc", NORMAL)],
        [(b"c", NORMAL), (b"ab", NORMAL)],
        [(b"ab", USER_DEFINED), (b"c", NORMAL)],
        [(b"ab", CONTROL), (b"c", NORMAL)],
        [(b"ab", NORMAL)],
    ]
    hashes = [VocabTokenizer(Table(table)).vocab_hash for table in tables]
    assert len(set(hashes)) == len(tables)
    assert hashes[0] == VocabTokenizer(Table(tables[0], bos=0, add_bos=True)).vocab_hash


def test_pieces_of_a_text_are_the_text_when_they_are_joined() -> None:
    text = "naïve 🐙 你好"
    ids = [*text.encode(), END]
    pieces = TOKENIZER.pieces(ids)
    assert len(pieces) == len(ids)
    assert "".join(pieces) == text + TOKENIZER.piece(END)
    assert TOKENIZER.pieces([0xE4, 0xBD]) == ("", "\ufffd")
    assert "".join(TOKENIZER.pieces([0xE4, END])) == "\ufffd" + TOKENIZER.piece(END)
