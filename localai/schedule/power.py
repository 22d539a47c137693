"""Mains and battery: what the system says of them, and a watch on them while a tune runs.

psutil would take the battery of a mouse for the machine's.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from localai.config_night import NightSettings
from localai.schedule.programs import Run, run

SUPPLIES = Path("/sys/class/power_supply")
LOOK_SECONDS = 30.0

_SOURCE = re.compile(r"drawing from '(\w+) Power'")
_CHARGE = re.compile(r"InternalBattery\S*.*?\s(\d+)%")


class Supply(msgspec.Struct, frozen=True):
    """Whether the machine is on mains power, and its battery's charge in percent; None: it has
    none, or does not say."""

    mains: bool = True
    battery: float | None = None


class Power:
    """Looks at the supply now and then, while a tune runs."""

    def __init__(
        self,
        wanted: NightSettings,
        read: Callable[[], Supply] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wanted, self._read, self._now = wanted, read or supply, now
        self._looked, self._why = -LOOK_SECONDS, ""

    def why_stop(self) -> str:
        """Why the tune has to stop, in a sentence; "" while it may go on. Cheap: the system is
        asked every 30 seconds at most."""
        if self._now() - self._looked >= LOOK_SECONDS:
            self._looked = self._now()
            self._why = without_power(self._read(), self._wanted)
        return self._why


def without_power(supply: Supply, wanted: NightSettings) -> str:
    """What is missing, in a sentence; "" if nothing is."""
    if wanted.mains and not supply.mains:
        return "The machine is on battery; plug it in, or set night.mains to false."
    if supply.battery is not None and supply.battery < wanted.battery:
        return (
            f"The battery is at {supply.battery:.0f} %, below the {wanted.battery} % of "
            "night.battery; charge it."
        )
    return ""


def supply(run: Run = run) -> Supply:
    """What this machine runs on now."""
    if sys.platform == "darwin":
        return from_pmset(run("pmset", "-g", "batt").out)
    return from_supplies(SUPPLIES)


def from_pmset(text: str) -> Supply:
    """What pmset(1) says with `-g batt`; "Now drawing from 'AC Power'" and a line a battery."""
    source, charge = _SOURCE.search(text), _CHARGE.search(text)
    return Supply(
        mains=source is None or source[1] != "Battery",
        battery=float(charge[1]) if charge else None,
    )


def from_supplies(folder: Path) -> Supply:
    """What the kernel says in /sys/class/power_supply (sysfs-class-power), less the batteries of
    devices such as a mouse."""
    found = [_fields(each) for each in _folders(folder)]
    chargers = [each for each in found if each["type"] == "Mains" or each["type"][:3] == "USB"]
    batteries = [each for each in found if each["type"] == "Battery" and each["scope"] != "Device"]
    levels = [int(each["capacity"]) for each in batteries if each["capacity"].isdigit()]
    return Supply(
        mains=any(each["online"] == "1" for each in chargers)
        or all(each["status"] != "Discharging" for each in batteries),
        battery=sum(levels) / len(levels) if levels else None,
    )


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _fields(folder: Path) -> dict[str, str]:
    """What is known of one supply, "" for what is not."""
    return {
        name: _text(folder / name) for name in ("type", "scope", "online", "status", "capacity")
    }


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
