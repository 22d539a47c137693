"""What keeps a scheduled tune from its beginning, each by itself."""

from __future__ import annotations

import sys
from math import inf

import pytest
from msgspec.structs import replace

from localai.config_night import NightSettings
from localai.schedule.conditions import Machine, in_use, look, too_late, too_little
from localai.schedule.power import Supply
from localai.schedule.presence import from_ioreg, from_loginctl, idle_seconds
from localai.schedule.programs import Ran
from tests.schedule.programs import System

FREE = Machine(free=8_000_000_000, idle=1200.0)
BATTERY = Supply(mains=False, battery=90)


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (FREE, ""),
        (replace(FREE, supply=BATTERY), "on battery"),
        (replace(FREE, free=999_000_000), "Only 1.0 GB"),
        (replace(FREE, free=1_000_000_000), ""),
    ],
)
def test_what_is_missing(machine: Machine, words: str) -> None:
    found = too_little(machine, NightSettings())
    assert words in found
    assert bool(found) == bool(words)
    assert too_little(machine, NightSettings(mains=False, memory=0)) == ""


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (FREE, ""),
        (replace(FREE, idle=None), ""),
        (replace(FREE, idle=899.0), "was used 15 minutes ago, less than the 15"),
        (replace(FREE, idle=900.0), ""),
        (replace(FREE, chatting=True), "Somebody chats"),
        (replace(FREE, display=True), "display is on"),
    ],
)
def test_who_is_there(machine: Machine, words: str) -> None:
    found = in_use(machine, NightSettings())
    assert words in found
    assert bool(found) == bool(words)


def test_0_minutes_do_not_ask_who_is_there() -> None:
    there = replace(FREE, idle=0.0, chatting=True, display=True)
    assert in_use(there, NightSettings(idle_minutes=0)) == ""


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (FREE, ""),
        (replace(FREE, idle=inf), ""),
        (replace(FREE, idle=None), "while nobody uses the machine"),
        (replace(FREE, idle=899.0), "while nobody uses the machine"),
        (replace(FREE, chatting=True), "while nobody uses the machine"),
        (replace(FREE, display=True), "while nobody uses the machine"),
        (replace(FREE, supply=BATTERY), "on mains power"),
    ],
)
def test_a_missed_night_asks_for_more(machine: Machine, words: str) -> None:
    for wanted in (NightSettings(), NightSettings(mains=False, idle_minutes=0)):
        found = too_late(machine, wanted)
        assert words in found
        assert bool(found) == bool(words)
    assert too_late(replace(machine, idle=1200.0), NightSettings(idle_minutes=21)) != ""


def test_a_mac_is_idle_since_its_keyboard_and_mouse_are() -> None:
    tree = '  | |   "HIDScrollCountMap" = {}\n  | |   "HIDIdleTime" = 90500000000\n'
    assert from_ioreg(tree) == 90.5
    assert from_ioreg("") is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("IdleHint=yes\nIdleSinceHint=900000000\n", 100.0),
        ("IdleHint=no\nIdleSinceHint=900000000\n", 0.0),
        ("IdleHint=no\nIdleSinceHint=0\n", None),  # a desktop that gives no hints
        ("IdleHint=yes\nIdleSinceHint=0\n", 1000.0),  # nobody has a session
        ("IdleHint=yes\nIdleSinceHint=2000000000\n", 0.0),  # the clock was set back
        ("", None),
        ("Failed to get user", None),
    ],
)
def test_linux_is_idle_since_logind_says_so(text: str, seconds: float | None) -> None:
    assert from_loginctl(text, 1000.0) == seconds


@pytest.mark.parametrize(
    ("platform", "word", "out"),
    [
        ("darwin", "ioreg", '"HIDIdleTime" = 60000000000'),
        ("linux", "loginctl", "IdleHint=yes\nIdleSinceHint=0"),
    ],
)
def test_each_system_is_asked_in_its_own_way(
    monkeypatch: pytest.MonkeyPatch, platform: str, word: str, out: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    system = System(**{word: Ran(0, out)})
    seconds = idle_seconds(system)
    assert seconds is not None
    assert seconds >= 60
    assert [command.split()[0] for command in system.told] == [word]


def test_this_machine_is_looked_at() -> None:
    found = look()
    assert found.free > 0
    assert not found.chatting
