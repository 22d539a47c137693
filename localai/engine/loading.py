"""What a child has been told before it can be asked anything: its model, its adapter.

Bookkeeping of the two commands and their answers, and of what the next child is to be
told should this one die meanwhile. `supervisor` sends, receives and judges deaths.

The adapter is a command of its own, so that it is known which of the two files a child
died of: one that died of an adapter must not be told to read it again.
"""

from __future__ import annotations

import time

import msgspec

from localai.engine import frames
from localai.engine.base import BARE, AdapterFile, LoadOptions, ModelInfo
from localai.engine.deaths import Phase
from localai.engine.refusals import error_of
from localai.errors import AdapterError, LocalaiError

DEADLY = "The engine died of the adapter {}; choose another one, or tune anew."


class Loading:
    """`options` say what the next child is told, `info` what the present one has loaded.

    `failure` is what went wrong while nobody waited.
    """

    def __init__(self, options: LoadOptions, seconds: float) -> None:
        self.options = options
        self.info: ModelInfo | None = None
        self.seconds = seconds
        self.failure: LocalaiError | None = None
        self._fallback = options  # what holds instead when the adapter is no use
        self._deadly: set[tuple[str, str]] = set()
        self._model = self._adapter = 0  # numbers of the commands not yet answered
        self._deadline = 0.0

    @property
    def phase(self) -> Phase | None:
        """What the child is busy with; None when it has everything, or there is no child."""
        if self._model:
            return "loading the model"
        return "reading the adapter" if self._adapter else None

    @property
    def overdue(self) -> bool:
        """Whether it has taken longer than it may."""
        return time.monotonic() > self._deadline

    def model(self, number: int) -> frames.Load:
        """The command that loads the model, bare."""
        self._model = number
        self._deadline = time.monotonic() + self.seconds
        bare = with_adapter(self.options, BARE)
        self._fallback = bare
        return frames.Load(number, bare)

    def adapter(self, number: int) -> frames.UseAdapter:
        """The command that puts on the adapter of `options`."""
        self._adapter = number
        self._deadline = time.monotonic() + self.seconds
        return frames.UseAdapter(number, self.options.adapter)

    def change_adapter(self, adapter: AdapterFile) -> bool:
        """Another adapter from now on, or the one before if it is refused or deadly.

        False when there is nothing to change. Raises AdapterError for one that a child died of.
        """
        if (adapter.path, adapter.sha256) in self._deadly:
            raise AdapterError(DEADLY.format(adapter.path))
        self._fallback = self.options
        self.options = with_adapter(self.options, adapter)
        return self.options != self._fallback

    def expects(self, number: int) -> bool:
        """Whether this is the number of a command that is not yet answered."""
        return number in (self._model, self._adapter) and number != 0

    def take(self, answer: frames.Loaded | frames.Failed) -> None:
        """Take in the answer to the earlier of the two commands; it may be a failure."""
        if isinstance(answer, frames.Loaded):
            self.info = answer.info
            if self._model:
                self._model = 0
            else:
                self._adapter = 0
        elif self._model:
            self.failure = error_of(answer)
        else:  # whatever went wrong, it was the adapter
            self.refuse_adapter()
            self.failure = AdapterError(answer.message)

    def raise_failure(self) -> None:
        """Raise what went wrong, once."""
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure

    def died(self) -> str:
        """The child died; the file of the adapter it died of, "" if that was not the cause."""
        if self.phase != "reading the adapter":
            return ""
        deadly = (self.options.adapter.path, self.options.adapter.sha256)
        self.refuse_adapter()
        if deadly[0]:
            self._deadly.add(deadly)
        return deadly[0]

    def refuse_adapter(self) -> None:
        """The adapter is no use; the one before it, if any, is what the options say now."""
        self.options = self._fallback
        self._adapter = 0

    def forget(self) -> None:
        """The child is gone; the next one is told everything anew."""
        self.info = None
        self._model = self._adapter = 0


def with_adapter(options: LoadOptions, adapter: AdapterFile) -> LoadOptions:
    """The options with another adapter."""
    return msgspec.structs.replace(options, adapter=adapter)
