"""Time zones by the names people use: Europe/Berlin, europe/berlin, Berlin, UTC.

From Python's zoneinfo, which reads the system's database or the tzdata package.
"""

from __future__ import annotations

import difflib
import zoneinfo
from datetime import UTC, tzinfo

from localai.errors import ToolError


def zone(name: str) -> tzinfo:
    """The zone of a name or of a city that only one zone is named for. Raises ToolError."""
    wanted = name.strip().replace(" ", "_")
    if wanted.upper() in ("UTC", "GMT", "Z"):
        return UTC
    known = {key.lower(): key for key in zoneinfo.available_timezones()}
    if not known:
        raise ToolError("This machine has no time zones; install its tzdata package.")
    if wanted.lower() in known:
        return zoneinfo.ZoneInfo(known[wanted.lower()])
    cities = [key for lower, key in known.items() if lower.rsplit("/")[-1] == wanted.lower()]
    if len(cities) == 1:
        return zoneinfo.ZoneInfo(cities[0])
    raise ToolError(f"There is no time zone {name!r}; {_nearest(wanted.lower(), cities, known)}.")


def _nearest(wanted: str, cities: list[str], known: dict[str, str]) -> str:
    if cities:
        return f"it may be {' or '.join(sorted(cities))}"
    names = known | {key.lower().rsplit("/")[-1]: key for key in known.values()}
    near = difflib.get_close_matches(wanted, names, 1, cutoff=0.0)
    return f"the nearest is {names[near[0]]}"
