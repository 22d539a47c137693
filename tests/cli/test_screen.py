from __future__ import annotations

from io import StringIO
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from localai.cli.paint import Line
from localai.cli.screen import Screen, Size
from tests.cli.emulator import Emulator

WORDS = st.lists(st.text("abc", max_size=12), max_size=12)


def lines(words: list[str]) -> list[Line]:
    return [Line(word, len(word)) for word in words]


def screen_on(emulator: Emulator) -> Screen:
    return Screen(cast(StringIO, emulator), lambda: Size(emulator.columns, emulator.rows))


@given(st.lists(WORDS, min_size=1, max_size=8), st.data())
def test_what_was_given_last_is_on_the_screen(frames: list[list[str]], data: st.DataObject) -> None:
    emulator = Emulator(columns=20, rows=40)
    screen, kept = screen_on(emulator), list[str]()
    for words in frames:
        final = data.draw(st.integers(0, len(words)))
        assert screen.update(lines(words), final) == final
        assert emulator.text.rstrip() == "\n".join(kept + words).rstrip()
        kept += words[:final]


@given(st.lists(st.text("abc", min_size=1, max_size=30), max_size=40), st.integers(2, 12))
def test_growing_text_is_complete_in_any_window(words: list[str], rows: int) -> None:
    emulator = Emulator(columns=10, rows=rows * 3)
    screen, given = screen_on(emulator), 0
    for end in range(len(words) + 1):
        given += screen.update(lines(words[given:end]), 0)
    screen.close()
    wrapped = [word[i : i + 10] for word in words for i in range(0, len(word), 10)]
    assert emulator.lines[:-1] == wrapped if words else emulator.lines == [""]


def test_lines_that_left_the_window_are_final() -> None:
    emulator = Emulator(columns=20, rows=5)
    screen = screen_on(emulator)
    assert screen.update(lines([str(i) for i in range(10)]), 0) == 6
    assert screen.update(lines(["6", "7", "8", "nine"]), 0) == 0
    assert emulator.lines == [*"012345678", "nine"]


def test_a_window_made_smaller_does_not_write_over_the_scrollback() -> None:
    emulator = Emulator(columns=20, rows=10)
    screen = screen_on(emulator)
    screen.update(lines([str(i) for i in range(8)]), 0)
    emulator.rows = 4
    assert screen.update(lines([*"0123456", "seven"]), 0) == 5
    assert emulator.lines == [*"0123456", "seven"]


def test_appending_writes_only_what_is_new() -> None:
    stream = StringIO()
    screen = Screen(stream, lambda: Size(80, 24))
    screen.update(lines(["Hello"]), 0)
    stream.truncate(0)
    stream.seek(0)
    screen.update(lines(["Hello world"]), 0)
    assert stream.getvalue() == " world"


def test_redraw_repairs_the_last_line() -> None:
    emulator = Emulator(columns=20, rows=10)
    screen = screen_on(emulator)
    screen.update(lines(["one", "two"]), 0)
    emulator.write("^C")
    screen.update(lines(["one", "two"]), 2, redraw=True)
    screen.close()
    assert emulator.lines == ["one", "two", ""]
