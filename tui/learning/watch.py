"""Looks at what learning does, about once a second, and tells only what has changed.

Called in the bridge's thread between its jobs; it never waits for anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.message import Message

from localai.errors import LocalaiError
from tui.backend import Backend
from tui.learning.values import Glance, Overview
from tui.messages import Glanced, Surveyed, Trouble

LOOK_SECONDS = 1.0
"""Between two looks."""


class Watch:
    """What was told last. `surveying`: tell everything, not only what the status line shows."""

    def __init__(
        self, tell: Callable[[Message], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell, self._clock = tell, clock
        self._next = 0.0
        self._surveying = False
        self._glance: Glance | None = None
        self._overview: Overview | None = None
        self._complaint = ""

    @property
    def due(self) -> bool:
        """Whether it is time to look."""
        return self._clock() >= self._next

    def survey(self, wanted: bool) -> None:
        """Begin or end to tell everything; begin by telling it anew."""
        self._surveying, self._overview = wanted, None

    def look(self, backend: Backend) -> None:
        """Tell what has changed; an error only once, until a look succeeds."""
        self._next = self._clock() + LOOK_SECONDS
        try:
            self._compare(backend)
            complaint = backend.desk.failure()
        except LocalaiError as error:
            complaint = str(error)
        if complaint and complaint != self._complaint:
            self._tell(Trouble(complaint))
        self._complaint = complaint

    def _compare(self, backend: Backend) -> None:
        session = backend.known
        glance = backend.desk.glance(session)
        if glance != self._glance:
            self._glance = glance
            self._tell(Glanced(glance))
        overview = backend.desk.overview(session) if self._surveying else None
        if overview is not None and overview != self._overview:
            self._overview = overview
            self._tell(Surveyed(overview))
