"""Whether a regular expression that a user wrote matches a text, within a time limit.

Some expressions take for ever on some texts, and nothing can stop the search within a process;
so it is done in one of its own, which knows nothing but the two.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

SECONDS = 5.0
"""What a search may take on a busy machine."""

LONGEST = 1_000
"""Characters of an expression."""

_SEARCH = "import json, re, sys; p, t = json.load(sys.stdin); sys.exit(not re.search(p, t))"


def problem(pattern: str) -> str:
    """What is wrong with an expression, "" for nothing."""
    if len(pattern) > LONGEST:
        return f"it has more than {LONGEST} characters"
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    return ""


def matches(pattern: str, text: str, seconds: float = SECONDS) -> bool:
    """Whether it matches anywhere in the text; not if that cannot be told in time."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _SEARCH],
            input=json.dumps([pattern, text]),
            text=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
