"""Mains and battery, as pmset and the kernel tell of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from localai.config_night import NightSettings
from localai.schedule import power
from localai.schedule.power import Power, Supply, from_pmset, from_supplies, supply, without_power
from localai.schedule.programs import Ran
from tests.schedule.programs import System

ON_BATTERY = """Now drawing from 'Battery Power'
 -InternalBattery-0 (id=5242979)\t58%; discharging; 3:21 remaining present: true
"""
CHARGING = """Now drawing from 'AC Power'
 -InternalBattery-0 (id=5242979)\t7%; charging; 2:05 remaining present: true
"""
DESKTOP = "Now drawing from 'AC Power'\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ON_BATTERY, Supply(mains=False, battery=58)),
        (CHARGING, Supply(mains=True, battery=7)),
        (DESKTOP, Supply()),
        ("", Supply()),
    ],
)
def test_a_mac_tells_by_pmset(text: str, found: Supply) -> None:
    assert from_pmset(text) == found


def test_a_mac_is_asked_by_pmset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    system = System(pmset=Ran(0, ON_BATTERY))
    assert supply(system) == Supply(mains=False, battery=58)
    assert system.told == ["pmset -g batt"]


AC = {"type": "Mains", "online": "1"}
NO_AC = {"type": "Mains", "online": "0"}
USB_C = {"type": "USB", "online": "1"}
FULL = {"type": "Battery", "status": "Not charging", "capacity": "80"}
DRAINING = {"type": "Battery", "status": "Discharging", "capacity": "40"}
MOUSE = {"type": "Battery", "scope": "Device", "status": "Discharging", "capacity": "5"}


@pytest.mark.parametrize(
    ("supplies", "found"),
    [
        ([], Supply()),
        ([AC, FULL], Supply(battery=80)),
        ([NO_AC, DRAINING], Supply(mains=False, battery=40)),
        ([NO_AC, USB_C, FULL], Supply(battery=80)),
        ([AC, DRAINING], Supply(battery=40)),  # the charger is too weak
        ([DRAINING], Supply(mains=False, battery=40)),
        ([FULL], Supply(battery=80)),
        ([NO_AC, FULL, DRAINING], Supply(mains=False, battery=60)),
        ([MOUSE], Supply()),
        ([AC, MOUSE, FULL], Supply(battery=80)),
        ([{"type": "Battery", "status": "Discharging", "capacity": "?"}], Supply(mains=False)),
    ],
)
def test_linux_tells_by_its_power_supplies(
    tmp_path: Path, supplies: list[dict[str, str]], found: Supply
) -> None:
    for number, fields in enumerate(supplies):
        (tmp_path / f"supply{number}").mkdir()
        for name, text in fields.items():
            (tmp_path / f"supply{number}" / name).write_text(f"{text}\n")
    assert from_supplies(tmp_path) == found


def test_a_machine_that_tells_nothing_is_on_mains(tmp_path: Path) -> None:
    assert from_supplies(tmp_path / "nothing") == Supply()


@pytest.mark.parametrize(
    ("found", "wanted", "words"),
    [
        (Supply(), NightSettings(battery=100), ""),
        (Supply(mains=False, battery=90), NightSettings(), "plug it in"),
        (Supply(mains=False, battery=90), NightSettings(mains=False), ""),
        (Supply(mains=False, battery=19), NightSettings(mains=False), "at 19 %"),
        (Supply(mains=True, battery=19), NightSettings(), "charge it"),
        (Supply(mains=True, battery=20), NightSettings(), ""),
    ],
)
def test_what_power_is_missing(found: Supply, wanted: NightSettings, words: str) -> None:
    why = without_power(found, wanted)
    assert words in why
    assert bool(why) == bool(words)


def test_the_watch_looks_now_and_then() -> None:
    clock, found, looks = [1000.0], [Supply()], list[float]()

    def read() -> Supply:
        looks.append(clock[0])
        return found[0]

    watch = Power(NightSettings(), read, lambda: clock[0])
    assert watch.why_stop() == ""
    found[0] = Supply(mains=False, battery=70)
    clock[0] += power.LOOK_SECONDS - 1
    assert watch.why_stop() == ""
    clock[0] += 1
    assert watch.why_stop() == "The machine is on battery; plug it in, or set night.mains to false."
    found[0] = Supply()
    clock[0] += power.LOOK_SECONDS
    assert watch.why_stop() == ""
    assert looks == [1000, 1030, 1060]


def test_the_watch_looks_at_this_machine() -> None:
    wanted = NightSettings(mains=False, battery=0)
    assert Power(wanted).why_stop() == ""
