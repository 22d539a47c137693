"""llama.cpp's log: warnings and errors go to Python's logging, and why a load failed.

Does not set the callback (`llama_model` does) and never writes to stdout.
"""

from __future__ import annotations

import logging
import re

LOGGER = logging.getLogger("llama.cpp")
_LEVELS = {3: logging.WARNING, 4: logging.ERROR}
"""GGML_LOG_LEVEL_WARN and _ERROR; what is below is not kept."""


def forward(level: int, text: bytes, _: object) -> None:
    """A line of llama.cpp's log."""
    if level in _LEVELS:
        LOGGER.log(_LEVELS[level], "%s", text.decode("utf-8", "replace").rstrip())


_VERDICT = re.compile(r".*(error loading model|failed to apply lora adapter): ", re.DOTALL)
_FUNCTIONS = re.compile(r"^(\w*_\w*: )+")


class Reasons(logging.Handler):
    """Collects lines while in a `with` block."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[int, str]] = []

    def __enter__(self) -> Reasons:
        LOGGER.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        LOGGER.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append((record.levelno, record.getMessage()))

    @property
    def first(self) -> str:
        """The line that says why a load failed, without llama.cpp's function names."""
        errors = [line for level, line in self._lines if level == logging.ERROR]
        errors.sort(key=lambda line: _VERDICT.match(line) is None)
        reasons = (_FUNCTIONS.sub("", _VERDICT.sub("", line)).strip(" .") for line in errors)
        return next(filter(None, reasons), "llama.cpp gives no reason")
