from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TextIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localai.cli.screen import Size
from localai.cli.terminal import Terminal
from tests.cli.emulator import Emulator
from tests.cli.test_blocks import PIECES

ANSWER = """# Sorting

Use **`sorted`** or see [the docs](https://docs.python.org/3/).

1. First
2. Second
   - nested

```python
def by_age(people):
    return sorted(people)
```

| Method | In place |
|--------|:--------:|
| `sort` | **yes**  |

> Quoted

---

Roses are red,
violets are <b>blue</b>.
"""

SHOWN = """\
Sorting

Use sorted or see the docs
(https://docs.python.org/3/).

 1. First
 2. Second
     • nested

── python ─────────────────────────────
def by_age(people):
    return sorted(people)
───────────────────────────────────────

 Method  In place
 ────────────────
 sort      yes

▌ Quoted

───────────────────────────────────────

Roses are red,
violets are <b>blue</b>.
"""


def show(chunks: Iterable[str], columns: int = 40, rows: int = 200) -> Emulator:
    """What is on a terminal after an answer that came in these chunks, all of them drawn."""
    emulator = Emulator(columns, rows)
    ticks = itertools.count()
    view = Terminal(
        cast(TextIO, emulator),
        size=lambda: Size(emulator.columns, emulator.rows),
        clock=lambda: float(next(ticks)),
    )
    for chunk in chunks:
        view.text(chunk)
    view.close()
    return emulator


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_an_answer_is_rendered() -> None:
    assert show(ANSWER).text == SHOWN


@settings(max_examples=60)
@given(PIECES)
def test_the_final_screen_does_not_depend_on_how_the_text_came(chunks: list[str]) -> None:
    assert show(chunks).text == show(["".join(chunks)]).text


@given(st.lists(st.integers(1, 999), max_size=60), st.integers(5, 12))
def test_nothing_is_lost_or_doubled_in_a_small_window(numbers: list[int], rows: int) -> None:
    words = [f"word{number}" for number in numbers]
    code = "\n".join(words)
    text = f"{' '.join(words)}\n\n```py\n{code}\n```\n\n" + "\n".join(f"- {w}" for w in words)
    shown = show([text[i : i + 7] for i in range(0, len(text), 7)], rows=rows)
    assert [word for word in shown.text.split() if word.startswith("word")] == words * 3


def test_the_screen_is_not_touched_above_the_last_block() -> None:
    emulator = show(["One.\n\n", "Two", " and three.\n"])
    assert emulator.text == "One.\n\nTwo and three.\n"


def test_an_answer_that_breaks_off_is_shown_as_it_is() -> None:
    assert show(["Half **bo"]).text == "Half **bo\n"
    assert show(["```sh\nls -l"], columns=20).lines[1] == "ls -l"


def test_escape_sequences_of_the_model_never_arrive() -> None:
    assert show(["a\x1b]52;c;ZXZpbA==", "\x07b\x1b[2", "Jc\x9b1mdd"]).text == "abcdd\n"


def test_a_resize_while_streaming_costs_nothing() -> None:
    emulator = Emulator(40, 30)
    ticks = itertools.count()
    view = Terminal(
        cast(TextIO, emulator),
        size=lambda: Size(emulator.columns, emulator.rows),
        clock=lambda: float(next(ticks)),
    )
    view.text("one two three four\n\nfive ")
    emulator.columns, emulator.rows = 60, 8
    view.text("six seven ")
    view.text("eight")
    view.close()
    assert emulator.text.split() == ["one", "two", "three", "four", "five", "six", "seven", "eight"]


def test_reasoning_comes_first_and_is_dimmed() -> None:
    emulator = Emulator(40, 30)
    view = Terminal(cast(TextIO, emulator), show_reasoning=True, size=lambda: Size(40, 30))
    view.reasoning("Let me think.")
    view.text("It is *4*.")
    view.close()
    assert emulator.text == "Let me think.\n\nIt is 4.\n"
    hidden = Emulator(40, 30)
    view = Terminal(cast(TextIO, hidden), size=lambda: Size(40, 30))
    view.reasoning("Let me think.")
    view.text("4")
    view.close()
    assert hidden.text == "4\n"
