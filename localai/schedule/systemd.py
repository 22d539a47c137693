"""A service and a timer of the user's own systemd (systemd.service(5), systemd.timer(5)).

No `Nice`: a tune steps back by itself, as far as `tune.nice` says. Reads back from its own
files when it is scheduled; what else may be in them by hand it does not know.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import time
from pathlib import Path

from localai import paths
from localai.errors import ScheduleError
from localai.schedule.command import Command, cron_line
from localai.schedule.deadline import EVERY_DAY
from localai.schedule.nights import DAYS, Nights
from localai.schedule.programs import Run, run

NAME = "localai-tune"
TIMER = f"{NAME}.timer"

SERVICE_TEXT = """\
[Unit]
Description=localai learns from your corrections

[Service]
Type=oneshot
{environment}ExecStart={command}
# The tune itself ends what it has started, once it has kept how far it is.
KillMode=mixed
TimeoutStopSec=120
# Being asked to stop is no failure.
SuccessExitStatus=143
IOSchedulingClass=idle
StandardOutput=append:{log}
StandardError=append:{log}
"""

TIMER_TEXT = """\
[Unit]
Description=When localai learns from your corrections

[Timer]
OnCalendar={days}*-*-* {at:%H:%M}:00
# What was missed is started later; it learns then only if nobody uses the machine.
Persistent=true

[Install]
WantedBy=timers.target
"""

_PLAIN = re.compile(r"[\w@+=:,./-]+", re.ASCII)
_CALENDAR = re.compile(r"^OnCalendar=(?:(\S+) )?\*-\*-\* (\d\d:\d\d):00$", re.MULTILINE)
_UNTIL = re.compile(r"^ExecStart=.* --until (\d\d:\d\d)\b", re.MULTILINE)


class Systemd:
    """The timer in the user's systemd; `run` runs its programs."""

    def __init__(self, run: Run = run, folder: Path | None = None) -> None:
        config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        self.folder, self._run = folder or Path(config) / "systemd" / "user", run
        self.places = (self.folder / f"{NAME}.service", self.folder / TIMER)

    def files(self, nights: Nights, command: Command) -> Mapping[Path, str]:
        """The files that schedule it."""
        days = "" if nights.days == EVERY_DAY else ",".join(nights.names()) + " "
        texts = service(command, paths.night_log()), TIMER_TEXT.format(days=days, at=nights.at)
        return dict(zip(self.places, texts, strict=True))

    def nights(self) -> Nights | None:
        """What the files say. Raises ScheduleError when they say something else."""
        if not self.places[1].exists():
            return None
        service, timer = self.places
        try:
            begins = _CALENDAR.search(timer.read_text("utf-8"))
            ends = _UNTIL.search(service.read_text("utf-8"))
            if begins is None or ends is None:
                raise ValueError("another time, or none")
            names = begins[1].lower().split(",") if begins[1] else DAYS
            at, until = time.fromisoformat(begins[2]), time.fromisoformat(ends[1])
            return Nights(at, until, frozenset(map(DAYS.index, names)))
        except (OSError, ValueError) as error:
            raise ScheduleError(
                f"{timer} does not say when, as localai writes it; schedule again."
            ) from error

    def require(self, nights: Nights, command: Command) -> None:
        """Raises ScheduleError where there is no systemd that could start it."""
        ran = self._run("systemctl", "--user", "show", "--property=Version")
        if ran.code:
            raise ScheduleError(
                f"Your systemd cannot be reached here ({ran.complaint}), so nothing was written; "
                "put this line into your crontab (crontab -e) instead: "
                f"{cron_line(nights, command)}"
            )

    def load(self) -> None:
        """Let systemd know of the files. Raises ScheduleError."""
        for words in (("daemon-reload",), ("enable", "--now", TIMER)):
            ran = self._run("systemctl", "--user", *words)
            if ran.code:
                raise ScheduleError(
                    f"systemd refuses it ({ran.complaint}), so nothing is scheduled; "
                    f"systemctl --user status {TIMER} may say more."
                )

    def unload(self) -> None:
        """Let systemd forget the timer and when it last ran; the files are there still."""
        self._run("systemctl", "--user", "disable", "--now", TIMER)
        # Else a new time that has passed today counts as missed, and begins at once.
        self._run("systemctl", "--user", "clean", "--what=state", TIMER)
        (self.folder / "timers.target.wants" / TIMER).unlink(missing_ok=True)

    def gone(self) -> None:
        """Let systemd know that the files are gone."""
        self._run("systemctl", "--user", "daemon-reload")

    def loaded(self) -> bool:
        """Whether systemd will start it."""
        return self._run("systemctl", "--user", "is-active", TIMER).code == 0

    def remarks(self) -> tuple[str, ...]:
        """What else has to be done so that it starts."""
        user = str(os.getuid())
        ran = self._run("loginctl", "show-user", user, "--property=Linger", "--value")
        if ran.code == 0 and ran.out.strip() == "no":
            return (
                "It begins only while you are logged in; loginctl enable-linger lets it begin "
                "without.",
            )
        return ()


def service(command: Command, log: Path) -> str:
    """The text of the service, which writes at the end of `log`; systemd makes no folder for it."""
    program, *rest = map(quoted, command.words)
    variables = "".join(
        f"Environment={quoted(f'{name}={value}')}\n" for name, value in command.environment.items()
    )
    # Only arguments can have variables in them, neither the program nor Environment=.
    line = " ".join((program, *(word.replace("$", "$$") for word in rest)))
    appended = str(log).replace("%", "%%")  # it is one word to the end of the line, never quoted
    return SERVICE_TEXT.format(environment=variables, command=line, log=appended)


def quoted(word: str) -> str:
    """A word as unit files have it (systemd.syntax(7)): % begins a specifier."""
    if _PLAIN.fullmatch(word):
        return word
    marked = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{marked}"'.replace("%", "%%")
