"""How a tool call may go: the limits it runs under, and how it ended. Values only."""

from __future__ import annotations

import msgspec

MB = 1 << 20


class Limits(msgspec.Struct, frozen=True):
    """What one call may take.

    `memory_bytes` is address space on top of what an idle interpreter has mapped, and
    `cpu_seconds` processor time, both for each process of the call. `output_bytes` is the
    result as UTF-8. `file_bytes` is how long a tool that declares "writes" may make any
    file; one that does not cannot write into files at all, but for a built-in one's own.
    """

    wall_seconds: float = 10.0
    cpu_seconds: int = 5
    memory_bytes: int = 256 * MB
    output_bytes: int = 64 << 10
    file_bytes: int = 64 * MB


class Outcome(msgspec.Struct, frozen=True):
    """How it ended, after so many seconds. `text` is the result, or a sentence for the model
    and the user on why there is none."""

    text: str
    seconds: float


class Ok(Outcome, frozen=True):
    """The tool's result."""


class Failed(Outcome, frozen=True):
    """It was refused, raised or died."""


class BrokenOff(Failed, frozen=True):
    """It could not be started, was stopped, or was killed from outside: this says nothing of
    the tool."""


class TimedOut(Outcome, frozen=True):
    """It took longer than it may and was ended, with all it had started."""


class TooMuchOutput(Outcome, frozen=True):
    """Its result is longer than it may be; nothing of it is kept."""
