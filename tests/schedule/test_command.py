"""The command line of a night runs this Python with this data."""

from __future__ import annotations

import subprocess
import sys
from datetime import time
from pathlib import Path

import pytest

from localai.schedule.command import PLACES, command, cron_line
from localai.schedule.nights import Nights
from localai.schedule.programs import run

NIGHTS = Nights(time(2), time(6, 30))


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PLACES:
        monkeypatch.delenv(name, raising=False)


def test_the_command_line(home: Path) -> None:
    found = command(NIGHTS)
    words = f"{sys.executable} -P -m localai tune --scheduled --until 06:30"
    assert " ".join(found.words) == words
    assert found.environment == {"LOCALAI_HOME": str(home)}
    assert cron_line(NIGHTS, found) == f"0 2 * * * LOCALAI_HOME={home} {words}"


def test_a_model_comes_first() -> None:
    assert command(NIGHTS, "/a b.gguf").words[3:7] == ("localai", "-m", "/a b.gguf", "tune")


def test_only_what_says_where_things_are_comes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAI_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.setenv("LOCALAI_MODEL", "other")
    assert command(NIGHTS).environment == {"XDG_DATA_HOME": "/data"}


def test_a_home_that_is_no_whole_path_is_made_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCALAI_HOME", "here")
    assert command(NIGHTS).environment == {"LOCALAI_HOME": str(tmp_path / "here")}


def test_the_line_for_cron_is_read_by_a_shell_as_it_is_meant(home: Path) -> None:
    """cron itself makes % of an escaped one, and hands the rest to sh."""
    awkward = command(NIGHTS, "it's 100 %")._replace(environment={"A": "x y"})
    line = cron_line(NIGHTS, awkward).removeprefix("0 2 * * * A='x y' ").replace(r"\%", "%")
    done = subprocess.run(["sh", "-c", f'printf "%s\\n" {line}'], capture_output=True, text=True)
    assert tuple(done.stdout.splitlines()) == awkward.words


def test_programs_that_fail_say_why() -> None:
    assert run("sh", "-c", "echo out; echo why >&2; exit 3") == (3, "out\n", "why")
    assert run("sh", "-c", "exit 4").complaint == "exit code 4"
    gone = run("/nowhere/systemctl")
    assert (gone.code, gone.complaint) == (127, "there is no /nowhere/systemctl")
    assert run("sh", "-c", "cat").out == ""  # nothing to read
