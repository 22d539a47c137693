"""Whether a tool may still run: asked at each call, for a chat may be open for days.

What a session was given when it began stays offered; what the user has taken back since
(`localai tools disable`, `localai tools trust --remove`) does not run.
"""

from __future__ import annotations

from localai.errors import LocalaiError
from localai.tools.place import File
from localai.tools.tool import Tool


def objection(tool: Tool) -> str | None:
    """One sentence on why it may not run any more; None when it may. Reads two small files."""
    from localai import config  # here, as calls alone need them
    from localai.tools import registry, trusted

    try:
        if tool.name in config.load().tools.disabled:
            return registry.disabled(tool.name)
        if isinstance(tool.place, File) and not _pinned(tool.place):
            return trusted.removed(tool.place.path)
    except LocalaiError as error:
        return str(error)
    return None


def _pinned(place: File) -> bool:
    from localai.tools import trusted

    return any((pin.path, pin.sha256) == (place.path, place.sha256) for pin in trusted.pins())
