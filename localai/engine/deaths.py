"""How an engine process ended, in one sentence with the next step. Pure."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Literal

import msgspec

Phase = Literal[
    "loading the model",
    "reading the adapter",
    "building the prompt",
    "reading the prompt",
    "answering",
]
Cause = Literal["ended", "hung", "garbled"]

KILLED = "The engine was killed by the system while {phase}, most often for lack of memory"
BY_SIGNAL = {
    "SIGKILL": KILLED,
    "SIGABRT": "llama.cpp gave up while {phase}",
    "SIGSEGV": "llama.cpp crashed while {phase} (segmentation fault)",
    "SIGBUS": "llama.cpp could not read its memory while {phase} (the model file may have changed)",
    "SIGILL": "llama.cpp was built for another kind of processor and stopped while {phase}",
    "SIGFPE": "llama.cpp crashed while {phase} (arithmetic fault)",
    "SIGALRM": "The model's chat template took too long and was stopped",
}


class Death(msgspec.Struct, frozen=True):
    """The facts: why, in which phase, with which exit code (negative: a signal).

    `seconds` is how long a hung engine had been silent, `adapter` the file it was reading.
    """

    cause: Cause
    phase: Phase
    code: int | None = None
    seconds: float = 0.0
    adapter: str = ""


def describe(death: Death, hint: str, log: Path | None) -> str:
    """One sentence: what happened, the engine's last words, what to do, where to look."""
    words = f" ({hint})" if hint else ""
    where = f" (log: {log})" if log else ""
    return f"{_what(death)}{words}; {_next_step(death)}{where}."


def _what(death: Death) -> str:
    if death.cause == "hung":
        return (
            f"The engine gave no sign of life for {death.seconds:.0f} s "
            f"while {death.phase} and was stopped"
        )
    if death.cause == "garbled":
        return f"The engine sent something unreadable while {death.phase} and was stopped"
    if death.code is not None and death.code < 0:
        try:
            name = signal.Signals(-death.code).name
        except ValueError:
            name = f"signal {-death.code}"
        return BY_SIGNAL.get(name, f"The engine was ended by {name} while {{phase}}").format(
            phase=death.phase
        )
    return f"The engine ended by itself while {death.phase} (exit code {death.code})"


def _next_step(death: Death) -> str:
    if death.phase == "loading the model":
        return "the model file may be damaged or too large: try another one, or localai doctor"
    if death.adapter:
        return f"{death.adapter} is not tried again: choose another adapter, or tune anew"
    if death.cause == "ended" and death.code == -signal.SIGKILL:
        return "close other programs or take a smaller model or context, then ask again"
    return "ask again, and it starts anew"
