"""llama.cpp's log: warnings and errors go to Python's logging, and why a load failed.

Does not set the callback (`llama` does) and never writes to stdout.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

LOGGER = logging.getLogger("llama.cpp")
_LEVELS = {3: logging.WARNING, 4: logging.ERROR}
"""GGML_LOG_LEVEL_WARN and _ERROR; what is below is not kept."""


def forward(level: int, text: bytes, _: object) -> None:
    """A line of llama.cpp's log."""
    if level in _LEVELS:
        LOGGER.log(_LEVELS[level], "%s", text.decode("utf-8", "replace").rstrip())


class Reasons(logging.Handler):
    """Collects lines while in a `with` block."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def __enter__(self) -> Reasons:
        LOGGER.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        LOGGER.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(record.getMessage())

    def mention(self, words: Iterable[str]) -> bool:
        """Whether a line has one of `words`."""
        return any(word in line for word in words for line in self.lines)

    @property
    def first(self) -> str:
        """The first line that explains something, without llama.cpp's function names."""
        for line in self.lines:
            text = line.rpartition("error loading model: ")[2].split(": ", 1)[-1].strip()
            if text:
                return text.rstrip(".")
        return "llama.cpp gives no reason"
