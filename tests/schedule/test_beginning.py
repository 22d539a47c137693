"""A night that begins, waits for its turn, or does not come about. Nothing sleeps."""

from __future__ import annotations

from datetime import datetime, time

from msgspec.structs import replace

from localai.config_night import NightSettings
from localai.schedule import beginning
from localai.schedule.conditions import Machine
from localai.schedule.nights import Nights
from localai.schedule.power import Supply

NIGHTS = Nights(time(2), time(6, 30))
FREE = Machine(free=8_000_000_000, idle=3600.0)
USED = replace(FREE, idle=0.0)
UNPLUGGED = replace(FREE, supply=Supply(mains=False, battery=90))
WANTED = NightSettings()


class Night:
    """A machine whose state changes at times of day; its clock goes on while somebody sleeps.
    The machine itself may sleep, too, until it `wakes`."""

    def __init__(self, begin: str, wakes: str = "00:00", **changes: Machine) -> None:
        self.now, self.wakes = (
            datetime.fromisoformat(f"2026-11-28 {clock}").timestamp() for clock in (begin, wakes)
        )
        self.changes = changes
        self.slept = 0

    def machine(self) -> Machine:
        clock = datetime.fromtimestamp(self.now).strftime("at_%H%M")
        return [state for at, state in sorted(self.changes.items()) if at <= clock][-1]

    def sleep(self, seconds: float) -> None:
        self.now = max(self.now + seconds, self.wakes)
        self.slept += 1

    def wait(self, nights: Nights | None = NIGHTS) -> str:
        return beginning.wait(nights, WANTED, self.machine, self.sleep, lambda: self.now)


def test_a_free_machine_begins_at_once() -> None:
    night = Night("02:00", at_0000=FREE)
    assert (night.wait(), night.slept) == ("", 0)


def test_it_waits_until_nobody_uses_the_machine() -> None:
    night = Night("02:00", at_0000=USED, at_0225=FREE)
    assert (night.wait(), night.slept) == ("", 25)


def test_a_machine_that_is_used_until_morning_is_left_alone() -> None:
    night = Night("02:00", at_0000=USED)
    assert "was used" in night.wait()
    assert night.slept == 4 * 60 + 21  # at 6:21 too little of it is left


def test_what_does_not_come_by_itself_is_not_waited_for() -> None:
    night = Night("02:00", at_0000=UNPLUGGED, at_0201=FREE)
    assert "plug it in" in night.wait()
    assert night.slept == 0


def test_a_plug_that_is_pulled_ends_the_wait() -> None:
    night = Night("02:00", at_0000=USED, at_0205=UNPLUGGED)
    assert "plug it in" in night.wait()
    assert night.slept == 5


def test_a_missed_night_is_caught_up_on_at_once_or_not() -> None:
    assert Night("09:15", at_0000=FREE).wait() == ""
    night = Night("09:15", at_0000=USED, at_0920=FREE)
    assert "was missed" in night.wait()
    assert night.slept == 0
    assert "was missed" in Night("09:15", at_0000=replace(FREE, idle=None)).wait()


def test_what_no_timer_of_ours_began_is_neither_late_nor_waited_for() -> None:
    assert Night("09:15", at_0000=replace(FREE, idle=None)).wait(None) == ""
    night = Night("02:00", at_0000=USED, at_0201=FREE)
    assert "was used" in night.wait(None)
    assert night.slept == 0


def test_a_night_that_was_slept_through_while_it_waited_is_missed() -> None:
    away, unknown = replace(FREE, idle=1200.0), replace(FREE, idle=None)
    night = Night("02:00", wakes="09:15", at_0000=USED, at_0900=unknown)
    assert "was missed" in night.wait()
    assert night.slept == 1
    assert "was missed" in Night("02:00", wakes="09:15", at_0000=USED).wait()
    assert Night("02:00", wakes="09:15", at_0000=USED, at_0900=away).wait() == ""
    assert Night("02:00", wakes="05:00", at_0000=USED, at_0300=unknown).wait() == ""
