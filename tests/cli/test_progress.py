from __future__ import annotations

import io
import threading

from localai.cli.progress import ERASE, Progress

PATIENCE = 30


class Terminal(io.StringIO):
    """Says that it is a terminal, and when something was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        count = super().write(text)
        self.written.set()
        return count


def test_a_long_wait_shows_what_is_going_on_and_leaves_no_trace() -> None:
    stream = Terminal()
    progress = Progress(stream, delay=0)
    progress.show("Loading …")
    assert stream.written.wait(PATIENCE)
    progress.clear()
    assert stream.getvalue() == f"{ERASE}\x1b[2mLoading …\x1b[0m{ERASE}"


def test_a_short_wait_shows_nothing() -> None:
    stream = Terminal()
    progress = Progress(stream, delay=PATIENCE)
    progress.show("Loading …")
    progress.show("Reading …")
    progress.clear()
    assert stream.getvalue() == ""


def test_only_terminals_are_talked_to() -> None:
    stream = io.StringIO()
    progress = Progress(stream, delay=0)
    progress.show("Loading …")
    progress.leave("Thought for 3 tokens")
    progress.clear()
    assert stream.getvalue() == ""


def test_a_terminal_that_went_away_is_no_error() -> None:
    class Gone(Terminal):
        def write(self, text: str) -> int:
            self.written.set()
            raise OSError(5, "Input/output error")

    stream = Gone()
    progress = Progress(stream, delay=0)
    progress.show("Loading …")
    assert stream.written.wait(PATIENCE)
    progress.clear()
    progress.leave("Thought for 3 tokens")
