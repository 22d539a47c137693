"""What has to hold before a scheduled tune begins. Pure but for `look`, which reads it all."""

from __future__ import annotations

import msgspec

from localai import paths
from localai.catalog.memory import free_memory
from localai.config_night import NightSettings
from localai.room import Room
from localai.schedule import presence
from localai.schedule.power import Supply, supply, without_power

MISSED = "This night was missed, and is caught up on only "
AWAY_MINUTES = 15


class Machine(msgspec.Struct, frozen=True):
    """What is known of it: free memory in bytes; seconds that it was `idle`, None unknown;
    whether somebody is `chatting`, and whether the `display` of a Mac is on."""

    supply: Supply = Supply()
    free: int = 0
    idle: float | None = None
    chatting: bool = False
    display: bool = False


def look() -> Machine:
    """This machine, now."""
    return Machine(
        supply(),
        free_memory(),
        presence.idle_seconds(),
        Room(paths.home()).chatting,
        presence.display_on(),
    )


def too_little(machine: Machine, wanted: NightSettings) -> str:
    """Why it cannot run tonight, in a sentence: what is missing does not come by itself."""
    return without_power(machine.supply, wanted) or without_memory(machine.free, wanted)


def without_memory(free: int, wanted: NightSettings) -> str:
    """Whether the memory is too small, in a sentence."""
    if free < wanted.memory * 1e9:
        return (
            f"Only {free / 1e9:.1f} GB of memory are free, less than the {wanted.memory:g} GB of "
            "night.memory; close other programs."
        )
    return ""


def in_use(machine: Machine, wanted: NightSettings) -> str:
    """Why it cannot run now, in a sentence: somebody is there, who may leave."""
    if not wanted.idle_minutes:
        return ""
    if machine.display:
        return "The display is on, and macOS ends long work on its GPU then; let it go to sleep."
    if machine.chatting:
        return "Somebody chats, or did so just now; close the app for the night."
    if machine.idle is not None and machine.idle < 60 * wanted.idle_minutes:
        return (
            f"The machine was used {machine.idle / 60:.0f} minutes ago, less than the "
            f"{wanted.idle_minutes:g} of night.idle_minutes; leave it alone for the night."
        )
    return ""


def too_late(machine: Machine, wanted: NightSettings) -> str:
    """Why a night that was missed is not caught up on now, in a sentence. It may be day, so
    this needs mains power and somebody who is surely away, whatever the settings allow."""
    idle = 60 * max(wanted.idle_minutes, AWAY_MINUTES)
    if not machine.supply.mains:
        return f"{MISSED}on mains power; the next one comes by itself."
    if machine.chatting or machine.display or machine.idle is None or machine.idle < idle:
        return f"{MISSED}while nobody uses the machine; the next one comes by itself."
    return ""
