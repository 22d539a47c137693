"""Asking the process of a tune to stop, for the app and the command line alike."""

from __future__ import annotations

import os
import signal

from localai.errors import UsageError


def stop(process: int | None) -> None:
    """Ask the process with this id to end in order; None where there is none.

    Not as Ctrl-C does: what a shell has begun in the background ignores that. Raises
    UsageError when it cannot be asked.
    """
    if process is None:
        raise UsageError("No tune is running.")
    try:
        os.kill(process, signal.SIGTERM)
    except ProcessLookupError:
        raise UsageError("The tune has just ended.") from None
    except PermissionError:
        raise UsageError("The tune belongs to another user; stop it there.") from None
