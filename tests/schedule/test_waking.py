"""What holds off sleep is there inside the block, and gone after it however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from localai.schedule import waking
from localai.schedule.waking import awake


class Begun:
    """Starts `command` in the place of the helper."""

    def __init__(self, *command: str) -> None:
        self.command, self.asked = command, list[str]()

    def __call__(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        self.asked = command
        self.process = subprocess.Popen(self.command, **options)
        return self.process


class Stubborn(Begun):
    """It ignores SIGTERM, as it was ignored when it began."""

    def __call__(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            return super().__call__(command, **options)
        finally:
            signal.signal(signal.SIGTERM, before)


def test_the_helper_lives_as_long_as_the_block() -> None:
    helper = Begun("cat")
    with awake(helper):
        assert helper.asked == list(waking.holder())
        assert helper.process.poll() is None
    assert helper.process.returncode is not None


def test_it_ends_with_a_block_that_fails() -> None:
    helper = Begun("cat")
    with pytest.raises(KeyboardInterrupt), awake(helper):
        raise KeyboardInterrupt
    assert helper.process.returncode is not None


def test_a_helper_that_does_not_end_is_killed() -> None:
    helper = Stubborn("sleep", "300")
    with awake(helper):
        pass
    assert helper.process.returncode == -signal.SIGKILL


def test_the_block_runs_without_a_helper() -> None:
    ran = []
    with awake(Begun("/nowhere/caffeinate")):
        ran.append(1)
    with awake(Begun("false")):
        ran.append(2)
    assert ran == [1, 2]


def test_what_holds_off_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert list(waking.holder()) == ["caffeinate", "-i", "-w", str(os.getpid())]
    monkeypatch.setattr(sys, "platform", "linux")
    inhibit = waking.holder()
    assert (inhibit[0], inhibit[-1]) == ("systemd-inhibit", "cat")
    assert "--what=sleep:idle" in inhibit
