"""Paths as people write them: typed, pasted or dragged into the terminal; and how to go on.

Reads the names in folders, and nothing else of the disk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

from localai.sanitize import clean

MOST_NAMES = 10_000
"""Names in a folder that are looked through for one to complete to."""
_ESCAPED = re.compile(r"\\([^\w])")


def typed(text: str) -> Path:
    """The path that is meant: quotes, `\\ ` for a blank, file:// and ~ are understood."""
    text = clean(text).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    if text.startswith("file://"):
        text = unquote(urlsplit(text).path)
    elif not os.path.lexists(text):  # a backslash may be part of a name
        text = _ESCAPED.sub(r"\1", text)
    path = Path(text)
    with suppress(RuntimeError):  # ~name, and nobody has that name
        return path.expanduser()
    return path


def shown(path: Path) -> str:
    """The path as one would type it: below the home folder it begins with ~."""
    with suppress(ValueError, RuntimeError):
        return clean(str("~" / path.relative_to(Path.home())))
    return clean(str(path))


def completed(text: str, endings: tuple[str, ...]) -> str | None:
    """The text with the first folder, or file with one of the endings, that it begins; None for
    none. Files and folders whose names begin with a dot are found when the dot is there."""
    head, slash, begun = text.rpartition("/")
    if not text or text[0] in "'\"" or (text[0] == "~" and not slash):
        return None
    try:
        names = sorted(_names(typed(head + slash) if slash else Path(), begun, endings))
    except OSError:
        return None
    return head + slash + names[0] if names else None


def _names(folder: Path, begun: str, endings: tuple[str, ...]) -> Iterator[str]:
    """What a name can be completed to; folders end in a slash. Raises OSError."""
    with os.scandir(folder) as entries:
        for entry in islice(entries, MOST_NAMES):
            name = entry.name
            hidden = name.startswith(".") and not begun.startswith(".")
            if hidden or not name.startswith(begun) or clean(name) != name:
                continue
            if entry.is_dir():
                yield f"{name}/"
            elif name.lower().endswith(endings):
                yield name
