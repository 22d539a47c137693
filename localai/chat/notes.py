"""Keeping a correction as a note, too: a fact is found again by search more surely than by
weights.

The note is a file of the user's, in a folder that tools may read, so `search_notes` finds it;
localai only adds to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from localai.errors import UsageError
from localai.store.rows import last_question

if TYPE_CHECKING:
    from localai.store.store import Store

NAME = "localai.md"

NO_FOLDER = (
    'No folder for notes is known; write folders = ["~/notes"] under [tools] in config.toml, '
    "the settings file that localai doctor names."
)


def folder(folders: Sequence[Path]) -> Path:
    """Where notes are kept: the first of the folders. Raises UsageError when it is not there."""
    if not folders:
        raise UsageError(NO_FOLDER)
    if not folders[0].is_dir():
        raise UsageError(
            f"The note cannot be written to {folders[0] / NAME} (there is no such folder); make "
            "the folder, or name another one in config.toml."
        )
    return folders[0]


def keep(store: Store, place: Path, message_id: str) -> Path:
    """Add an answer with its question at the end of NAME in the folder `place`; the file.

    Raises UsageError when it cannot be written.
    """
    *before, answer = store.path(message_id)
    question = last_question(before)
    asked = " ".join(question.message.text.split() if question else ()) or "Note"
    path = place / NAME
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"## {asked}\n\n{answer.message.text.strip()}\n\n*{date.today()}*\n\n")
    except OSError as error:
        raise UsageError(
            f"The note cannot be written to {path} ({error.strerror}); see that the folder is "
            "there and may be written."
        ) from error
    return path
