"""What a file's text shows of its tools, without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai.errors import ToolError
from localai.tools import glimpse
from localai.tools.tool import EFFECTS
from tests.tools.plugged import leaves, text

ALL = frozenset(EFFECTS)


@pytest.mark.parametrize(
    ("decorator", "effects"),
    [
        ("tool", ALL),
        ("tool()", ALL),
        ("tool(effects=())", frozenset()),
        ("tools.tool(effects=('reads', 'network'))", frozenset({"reads", "network"})),
        ('tool(effects=["writes"], needs=None)', frozenset({"writes"})),
        ("tool(effects=SOME)", ALL),
        ("tool(effects=('magic',))", ALL),
        ("tool(effects=3)", ALL),
    ],
)
def test_effects_that_are_not_spelt_out_are_all(decorator: str, effects: frozenset[str]) -> None:
    data = f'@{decorator}\ndef words(text):\n    """Count\n    words.\n\n    More."""\n'
    (found,) = glimpse.tools(data.encode(), "words.py")
    assert found == glimpse.Glimpse("words", "Count words.", effects)


def test_only_tools_at_the_top_are_shown(tmp_path: Path) -> None:
    more = leaves(tmp_path / "ran") + "def plain():\n    @tool\n    def inner(): pass\n"
    found = glimpse.tools(text(more=more).encode(), "words.py")
    assert [each.name for each in found] == ["words"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("data", [b"def", b"\0", b"\xff", b"(" * 5000, b"x = " + b"-" * 200_000])
def test_what_is_no_python_is_said(data: bytes) -> None:
    with pytest.raises(ToolError, match=r"words\.py is no Python that can be read"):
        glimpse.tools(data, "words.py")
