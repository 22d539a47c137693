"""Whether somebody uses the machine: since when it is idle, and whether its display is on."""

from __future__ import annotations

import ctypes
import os
import re
import sys
import time

from localai.schedule.programs import Run, run

_HID = re.compile(r'"HIDIdleTime" = (\d+)')
_GRAPHICS = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics"


def idle_seconds(run: Run = run) -> float | None:
    """Seconds since the machine was used last; None where that is not known."""
    if sys.platform == "darwin":
        return from_ioreg(run("ioreg", "-c", "IOHIDSystem").out)
    user = str(os.getuid())
    ran = run("loginctl", "show-user", user, "--property=IdleHint", "--property=IdleSinceHint")
    return from_loginctl(ran.out, time.time())


def from_ioreg(text: str) -> float | None:
    """What ioreg(8) says of the keyboard and the mouse, in nanoseconds."""
    found = _HID.search(text)
    return int(found[1]) / 1e9 if found else None


def from_loginctl(text: str, now: float) -> float | None:
    """What logind knows (org.freedesktop.login1(5)): a hint, and since when in microseconds.

    A desktop that never gives the hint leaves it at no, since 0; whoever has no session is idle
    since 0.
    """
    hints = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    since = int(number) if (number := hints.get("IdleSinceHint", "")).isdigit() else 0
    match hints.get("IdleHint"):
        case "yes":
            return max(0.0, now - since / 1e6)
        case "no" if since:
            return 0.0
    return None


def display_on() -> bool:
    """Whether a Mac's display is on, so that macOS ends what keeps its GPU busy for long; False
    where that is no question. CGDisplayIsAsleep is Quartz's own answer."""
    if sys.platform != "darwin":
        return False
    try:
        graphics = ctypes.CDLL(_GRAPHICS)
        display = graphics.CGMainDisplayID()  # 0: there is none
        return bool(display) and not graphics.CGDisplayIsAsleep(display)
    except (OSError, AttributeError):
        return False
