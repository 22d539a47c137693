"""Starts `localai tune` as a process of its own, and asks one to stop.

The tune outlives the app: it gets a session of its own and writes into logs/tune.log. How
far it is, is read from its row in the store, not from here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from localai import paths, tune_process
from localai.catalog.catalog import DEFAULT
from localai.config import Settings
from localai.errors import StoreError
from localai.sanitize import clean

LOG_MODE = 0o600


def tune_command(settings: Settings, model: str = "") -> tuple[str, ...]:
    """The command that tunes the model of an app that was begun with these settings and `model`,
    a name or a path. It names the model: the settings may be others by the time it runs."""
    named = model or settings.model or DEFAULT
    return (sys.executable, "-m", "localai", "--model", named, "tune")


class Tuner:
    """The process that was started last. `command` is the program and its arguments."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Where the tune writes what it has to say."""
        return tune_process.log()

    @property
    def running(self) -> bool:
        """Whether the process that was started last still runs."""
        return self._process is not None and self._process.poll() is None

    def start(self, *options: str) -> None:
        """Start a tune with these options. Raises StoreError when the log or the process cannot
        be made."""
        paths.private_dir(self.log.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        try:
            output = os.open(self.log, flags, LOG_MODE)
        except OSError as error:
            raise StoreError(
                f"{self.log} cannot be written ({error.strerror}); "
                "check who owns it, and start the tune again."
            ) from error
        try:
            self._process = subprocess.Popen(
                (*self._command, *options),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except OSError as error:
            raise StoreError(
                f"The tune could not be started ({error.strerror}); free some memory and try again."
            ) from error
        finally:
            os.close(output)

    def stop(self, process: int | None) -> None:
        """Ask a tune to stop: the process `process`, else the one that was started here.

        Raises UsageError when there is none.
        """
        if process is None and self._process is not None and self.running:
            process = self._process.pid
        tune_process.stop(process)

    def failure(self) -> str:
        """The last line of a process that ended badly, once; "" otherwise."""
        process = self._process
        if process is None or not process.poll():
            return ""
        self._process = None
        last = clean("".join(tune_process.tail(self.log, 1))).strip()
        return last or f"The tune ended with code {process.returncode}; look into {self.log}."
