from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tui.markdown.blocks import BlockRenderer
from tui.markdown.document import Document
from tui.markdown.palette import Palette
from tui.themes import DARK

RENDERER = BlockRenderer(
    Palette.of(DARK.to_color_system().generate()), Console(width=40, color_system="truecolor")
)
BITS = st.sampled_from(
    [
        "word ", "another ", "\n", "\n\n", "# ", "- ", "  - ", "1. ", "> ", "```", "```python\n",
        "**", "*", "`", "| a | b |\n|---|---|\n", "| 1 | 2 |\n", "---\n", "[x](http://y)", "    ",
        "\t", "ÄÖ世界", "\r\n", "<b>", "===\n",
    ]
)  # fmt: skip
SOURCES = st.lists(BITS, max_size=40).map("".join)


def shown(document: Document, width: int = 40) -> list[str]:
    return [line.text.plain.rstrip() for line in document.lines(width, RENDERER)]


@settings(deadline=None)
@given(SOURCES, st.integers(1, 9))
def test_a_stream_ends_like_the_whole(source: str, size: int) -> None:
    grown = Document()
    for start in range(0, len(source), size):
        grown.append(source[start : start + size])
        grown.lines(40, RENDERER)
    assert shown(grown) == shown(Document(source))


@settings(deadline=None)
@given(SOURCES, st.integers(8, 60))
def test_every_line_fits(source: str, width: int) -> None:
    lines = Document(source).lines(width, RENDERER)
    indent = 6 * 8  # deeply nested blocks keep a least width of their own
    assert all(line.text.cell_len <= max(width, 8 + indent) for line in lines)
    if "- " not in source and "1. " not in source and "> " not in source:
        assert all(line.text.cell_len <= width for line in lines)


def test_text_before_the_last_block_is_not_parsed_again() -> None:
    document = Document("first\n\nsecond\n\nlast\n")
    blocks = document.blocks
    document.append(" word")
    assert all(old is new for old, new in zip(blocks[:2], document.blocks, strict=False))
    assert document.blocks[2] is not blocks[2]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("- a\n- b\n  - c", ["• a", "• b", "  ◦ c"]),
        ("9. a\n10. b", [" 9. a", "10. b"]),
        ("> said", ["│ said"]),
        ("# Head\ntext", ["Head", "", "text"]),
        ("[here](http://a.b)", ["here (http://a.b)"]),
        ("<http://a.b>", ["http://a.b"]),
        ("![cat](c.png)", ["[cat]"]),
        ("one\ntwo", ["one", "two"]),
        ("a <b>c</b>", ["a <b>c</b>"]),
        ("```\n  x\n\n  y\n```", ["   x", "", "   y"]),
        ("| n | v |\n|---|---|\n| a | 1 |", ["n  v", "─  ─", "a  1"]),
    ],
)
def test_each_kind_of_block(source: str, lines: list[str]) -> None:
    assert shown(Document(source)) == lines


def test_code_is_found_for_copying() -> None:
    assert Document("a\n```py\nx = 1\n```\nb\n```\ny\n```").code() == ["x = 1\n", "y\n"]


def test_code_is_coloured_only_where_the_language_is_known() -> None:
    known, unknown = (
        Document(f"```{name}\nreturn 1\n```").lines(40, RENDERER)[0].text
        for name in ("python", "nope")
    )
    assert len(known.spans) > len(unknown.spans)
