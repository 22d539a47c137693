"""`localai ask --sure`: the answer asked for again, and how many say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localai.cli.failure import note
from localai.cli.progress import Progress
from localai.sanitize import one_line

if TYPE_CHECKING:
    from localai.chat.session import Session
    from localai.evals.sure import Certainty
    from localai.store.rows import StoredMessage

LONGEST = 120
"""Characters that are shown of an answer."""


def ask(session: Session, answer: StoredMessage, progress: Progress) -> Certainty | None:
    """Ask again as often as usual; None for a call of a tool, which says nothing."""
    from localai.evals.sure import asked_again

    if answer.message.calls:
        return None
    found = None
    try:
        for found in asked_again(session, answer.id):
            progress.show(f"Asking again \N{MIDDLE DOT} {len(found.texts)} of {found.wanted}")
    finally:
        progress.clear()
    return found


def tell(found: Certainty) -> None:
    """The agreement, and what else was said, most said first."""
    note(f"{found.sentence.capitalize()}.")
    for group in found.groups:
        if 0 not in group:
            text = one_line(found.all[group[0]], LONGEST) or "(no answer)"
            note(f"  {len(group)}\N{MULTIPLICATION SIGN}  {text}")
