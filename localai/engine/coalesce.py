"""Puts tokens that come very fast into one event, so that the reader wakes less often.

On a machine whose cores all decode, every wake of the reading process takes time from
the decoding. Pure; nothing is delayed once tokens come slower than the interval.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from localai.conversation import Delta, Event


def coalesce(
    events: Iterable[Event], interval: float, clock: Callable[[], float] = time.monotonic
) -> Iterator[Event]:
    """`events`, where deltas of one kind within `interval` seconds of the last are joined.

    Order, text and token counts are kept; a failing source loses nothing it had given.
    """
    held: Delta | None = None
    last = float("-inf")
    try:
        for event in events:
            if held is not None and not (isinstance(event, Delta) and event.kind == held.kind):
                yield held
                held = None
            if not isinstance(event, Delta):
                yield event
                continue
            if held is not None:
                event = Delta(held.text + event.text, event.kind, held.tokens + event.tokens)
            now = clock()
            if now - last < interval:
                held = event
            else:
                held, last = None, now
                yield event
    except Exception:
        if held is not None:
            yield held
        raise
    if held is not None:
        yield held
