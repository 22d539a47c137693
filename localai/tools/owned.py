"""Who else can change a file: what lets code run must be the user's own."""

from __future__ import annotations

import os
import stat


def foreign(found: os.stat_result) -> bool:
    """Whether it belongs to neither the user nor the system."""
    return found.st_uid not in (os.getuid(), 0)


def open_to_others(found: os.stat_result) -> bool:
    """Whether others can write to it; into a folder where each has files of his own, too."""
    return bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def sticky(found: os.stat_result) -> bool:
    """Whether it is a folder such as /tmp: others cannot replace what is not theirs."""
    return bool(found.st_mode & stat.S_ISVTX)
