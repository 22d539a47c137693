from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.cli.blocks import Block, BlockStream
from localai.cli.cuts import LONG

WORDS = ["word ", "word", "\n", "\n\n"]
LINES = ["- ", "1. ", "```", "```py\n", "    ", "# ", "> ", "---", "~~~\n", "| a ", "|--"]
INLINE = ["**", "`", "[x]: y", "<b>"]
PIECES = st.lists(st.sampled_from(WORDS + LINES + INLINE), max_size=30)


def blocks(chunks: list[str]) -> list[Block]:
    stream, done = BlockStream(), list[Block]()
    for chunk in chunks:
        stream.feed(chunk)
        done += stream.take()
    return done + stream.end()


@given(PIECES)
def test_blocks_do_not_depend_on_how_the_text_arrives(chunks: list[str]) -> None:
    text = "".join(chunks)
    assert blocks(chunks) == blocks([text])
    assert blocks(list(text)) == blocks([text])


@given(PIECES)
def test_no_word_is_lost(chunks: list[str]) -> None:
    text = "".join(chunks)
    found = "".join(f"{block.language or ''} {block.text}" for block in blocks(chunks))
    assert found.count("word") + found.count("[x]") == text.count("word") + text.count("[x]")


def test_a_block_is_final_when_the_next_one_has_begun() -> None:
    stream = BlockStream()
    stream.feed("One\n\nTwo")
    assert stream.take() == []
    stream.feed("\n")
    assert stream.take() == [Block("One")]
    assert stream.tail() == [Block("Two")]


def test_open_code_is_code_without_its_end() -> None:
    stream = BlockStream()
    stream.feed("```python\nx = 1\n")
    assert stream.tail() == [Block("x = 1", "python", closes=False)]
    stream.feed("``")
    assert stream.tail() == [Block("x = 1", "python", closes=False)]
    stream.feed("`")
    assert stream.tail() == [Block("x = 1", "python", closes=True)]


def test_long_code_is_cut_before_a_statement() -> None:
    code = [f"def f{i}():\n    return {i}\n\n" for i in range(3 * LONG)]
    done = blocks(["```py\n", *code, "```\n"])
    assert len(done) > 2
    assert [block.opens for block in done] == [True] + [False] * (len(done) - 1)
    assert [block.closes for block in done] == [False] * (len(done) - 1) + [True]
    assert all(block.language == "py" for block in done)
    assert all(block.text.startswith("def") for block in done if block.text)
    assert "\n".join(block.text for block in done).split() == "".join(code).split()


@pytest.mark.parametrize("one", ["- item\n", "{}. item\n    - nested\n", "*a* `b`\n"])
def test_other_long_blocks_are_cut_where_nothing_is_open(one: str) -> None:
    done = blocks([one.format(i + 1) for i in range(3 * LONG)])
    assert len(done) > 2
    assert [block.opens for block in done] == [True] + [False] * (len(done) - 1)
    assert max(block.text.count("\n") for block in done) <= 2 * LONG


def test_a_list_whose_items_are_all_number_one_is_not_cut() -> None:
    assert len(blocks(["1. item\n"] * 3 * LONG)) == 1


def test_a_paragraph_is_not_cut_inside_emphasis() -> None:
    assert len(blocks(["**open\n", *["line\n"] * 3 * LONG])) == 1
