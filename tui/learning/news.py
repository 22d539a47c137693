"""What the app tells of a tune that ended while nobody looked, until it was seen.

Only looks; reading it and putting it away is the screen's.
"""

from __future__ import annotations

import time

from localai import tune_process
from localai.chat.session import Session
from localai.morning import wording
from localai.store.tuning import Adapter, Run
from tui.learning.values import News


def news(session: Session, newest: Run | None, adapter: Adapter | None) -> News | None:
    """Of the newest run, if it was one of the model in use, whose `adapter` answers now. Nothing
    of one that was stopped, that is offered to be gone on with, or whose adapter was put aside."""
    if newest is None or newest.state in ("running", "stopped"):
        return None
    key = f"{newest.id}-{newest.number}"
    if newest.model != session.entry.name or session.settings.app.seen_tune == key:
        return None
    if newest.state == "interrupted" and tune_process.resumable(newest):
        return None
    better = newest.state == "promoted"
    if better and (adapter is None or adapter.id != newest.adapter):
        return None
    lines = wording.news(newest, adapter.name if adapter else "", time.time())
    return News(newest.id, key, lines, better)
