"""The one place that turns what went wrong into a sentence on stderr and an exit code.

Expected errors are told as they are; anything else is named in one sentence, with its
traceback in a log (or on the screen with --debug). Usage mistakes are left to click.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from contextlib import suppress

import click

from localai.cli.interrupts import Interrupted
from localai.errors import ExitCode, LocalaiError


def report(error: BaseException, *, debug: bool) -> int:
    """Say what happened on stderr; the exit code."""
    if isinstance(error, KeyboardInterrupt):
        if sys.stderr.isatty():
            say("")
        return error.exit_code if isinstance(error, Interrupted) else ExitCode.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        discard_stdout()
        return ExitCode.OK
    if debug:
        say("".join(traceback.format_exception(error)).rstrip())
        return error.exit_code if isinstance(error, LocalaiError) else ExitCode.FAILURE
    if isinstance(error, LocalaiError):
        say(str(error))
        return error.exit_code
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        discard_stdout()
        say("There is no space left where the output goes; free some and try again.")
        return ExitCode.FAILURE
    say(_unexpected(error))
    return ExitCode.FAILURE


def say(text: str, *, dim: bool = False) -> None:
    """A line of talk on stderr, safe for a terminal; lost when stderr is closed."""
    from localai.sanitize import clean

    with suppress(OSError, ValueError):
        click.echo(click.style(clean(text), dim=True) if dim else clean(text), err=True)


def note(text: str) -> None:
    """A remark that is no error: dimmed on a terminal."""
    say(text, dim=True)


def discard_stdout() -> None:
    """Point stdout at nothing: nobody reads it, and Python flushes it once more at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _unexpected(error: BaseException) -> str:
    first = (str(error).splitlines() or [""])[0]
    name = type(error).__name__
    what = f"{name}: {first}" if first else name
    log = _log(error)
    where = f"details are in {log}" if log else "run localai --debug with the same command"
    return f"Something unexpected went wrong ({what}); {where}."


def _log(error: BaseException) -> str:
    """Append the traceback to the error log; its path, "" when it cannot be written."""
    from localai import paths

    try:
        log = paths.private_dir(paths.logs()) / "errors.log"
        with log.open("a", encoding="utf-8", errors="replace") as file:
            file.writelines(traceback.format_exception(error))
    except (OSError, LocalaiError):
        return ""
    return str(log)
