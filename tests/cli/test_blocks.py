from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localai.cli.blocks import LONG_CODE, Block, BlockStream

WORDS = ["word ", "word", "\n", "\n\n"]
LINES = ["- ", "1. ", "```", "```py\n", "    ", "# ", "> ", "---", "~~~\n", "| a ", "|--"]
INLINE = ["**", "`", "[x]: y", "<b>"]
PIECES = st.lists(st.sampled_from(WORDS + LINES + INLINE), max_size=30)


def blocks(chunks: list[str]) -> list[Block]:
    stream = BlockStream()
    done = [block for chunk in chunks for block in stream.feed(chunk)]
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
    assert stream.feed("One\n\nTwo") == []
    assert stream.feed("\n") == [Block("One")]
    assert stream.tail() == [Block("Two")]


def test_open_code_is_code_without_its_end() -> None:
    stream = BlockStream()
    stream.feed("```python\nx = 1\n")
    assert stream.tail() == [Block("x = 1", "python", opens=True, closes=False)]
    stream.feed("``")
    assert stream.tail() == [Block("x = 1", "python", opens=True, closes=False)]
    stream.feed("`")
    assert stream.tail() == [Block("x = 1", "python", opens=True, closes=True)]


def test_long_code_is_cut_before_a_statement() -> None:
    stream = BlockStream()
    code = [f"def f{i}():\n    return {i}\n" for i in range(LONG_CODE)]
    done = [block for line in ["```py\n", *code, "```\n"] for block in stream.feed(line + "\n")]
    done += stream.end()
    assert len(done) > 2
    assert [block.opens for block in done] == [True] + [False] * (len(done) - 1)
    assert [block.closes for block in done] == [False] * (len(done) - 1) + [True]
    assert all(block.language == "py" for block in done)
    joined = "\n".join(block.text for block in done)
    assert joined.split() == "\n".join(code).split()
    assert all(block.text.strip().startswith("def") for block in done if block.text)
