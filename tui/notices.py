"""Sentences that a screen shows for a few seconds. How they look is Textual's."""

from __future__ import annotations

from textual.widget import Widget

from localai.sanitize import clean


def say(widget: Widget, sentence: str, *, wrong: bool = False) -> None:
    """Show a sentence for a few seconds."""
    severity = "error" if wrong else "information"
    widget.notify(clean(sentence), severity=severity, markup=False)  # type: ignore[arg-type]
