"""Keeping a correction as a note, too: a fact is found again by search more surely than by
weights.

The note is a file of the user's, in a folder that tools may read, so `search_notes` finds it;
localai only adds to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from localai.errors import UsageError

NAME = "localai.md"

NO_FOLDER = (
    'No folder for notes is known; write folders = ["~/notes"] under [tools] in config.toml, '
    "the settings file that localai doctor names."
)


def add(folders: Sequence[Path], question: str, answer: str, day: date) -> Path:
    """Add question and answer at the end of NAME in the first of the folders; the file.

    Raises UsageError when there is no folder or it cannot be written.
    """
    if not folders:
        raise UsageError(NO_FOLDER)
    path = folders[0] / NAME
    asked = " ".join(question.split()) or "Note"
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"## {asked}\n\n{answer.strip()}\n\n*{day.isoformat()}*\n\n")
    except OSError as error:
        raise UsageError(
            f"The note cannot be written to {path} ({error.strerror}); see that the folder is "
            "there and may be written."
        ) from error
    return path
