"""The command line that a timer runs, and what it needs of the environment.

A timer's programs do not get the variables of the shell that set it.
"""

from __future__ import annotations

import os
import shlex
import sys
from typing import NamedTuple

from localai import paths
from localai.schedule.deadline import EVERY_DAY
from localai.schedule.nights import Nights

PLACES = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "PYTHONPATH")
"""Where data, settings and the program itself lie, where these say so."""


class Command(NamedTuple):
    """`words` to run with the variables `environment`."""

    words: tuple[str, ...]
    environment: dict[str, str]


def command(nights: Nights, model: str = "") -> Command:
    """The tune of a night, with this Python and this data folder; `model` as -m takes it."""
    chosen = ("-m", model) if model else ()
    tune = ("tune", "--scheduled", "--until", f"{nights.until:%H:%M}")
    # -P keeps the working directory out of the imports.
    words = (sys.executable, "-P", "-m", "localai", *chosen, *tune)
    environment = {name: os.environ[name] for name in PLACES if os.environ.get(name)}
    if os.environ.get("LOCALAI_HOME"):
        environment["LOCALAI_HOME"] = str(paths.home())
    return Command(words, environment)


def cron_line(nights: Nights, command: Command) -> str:
    """The line for a crontab that starts it, where nothing better does (crontab(5))."""
    days = (
        "*" if nights.days == EVERY_DAY else ",".join(str(day + 1) for day in sorted(nights.days))
    )
    variables = [f"{name}={shlex.quote(value)}" for name, value in command.environment.items()]
    line = " ".join((*variables, shlex.join(command.words))).replace("%", r"\%")
    return f"{nights.at.minute} {nights.at.hour} * * {days} {line}"
