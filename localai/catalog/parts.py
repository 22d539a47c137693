"""The names of split models: NAME-00001-of-00003.gguf and its like. Pure."""

from __future__ import annotations

import re
from pathlib import Path

_SPLIT = re.compile(r"(?P<stem>.+)-(?P<index>\d{5})-of-(?P<count>\d{5})\.gguf")
_MOST_PARTS = 1000


def parts(path: Path) -> tuple[Path, ...]:
    """All parts of a split model by the name of one; just `path` for any other name."""
    match = _SPLIT.fullmatch(path.name)
    if match is None or not 1 <= int(match["count"]) <= _MOST_PARTS:
        return (path,)
    stem, count = match["stem"], int(match["count"])
    return tuple(
        path.with_name(f"{stem}-{index:05d}-of-{count:05d}.gguf") for index in range(1, count + 1)
    )


def model_stem(name: str) -> str:
    """The name of a file without its ending and without the number of its part."""
    match = _SPLIT.fullmatch(name)
    return match["stem"] if match else Path(name).stem


def is_later_part(name: str) -> bool:
    """Whether a file of that name is a part of a split model, but not the first."""
    match = _SPLIT.fullmatch(name)
    return match is not None and int(match["index"]) > 1
