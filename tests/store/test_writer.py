"""Telling a living writer from a dead one, and from another with the same process id."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from localai.store import writer


def test_this_process_lives() -> None:
    assert writer.alive(writer.this_process())
    assert writer.this_process() == writer.this_process()


def test_an_ended_process_does_not() -> None:
    program = "from localai.store import writer; print(writer.this_process())"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    name = ended.stdout.strip()
    assert name.partition(":")[2]
    assert not writer.alive(name)


def test_an_ended_process_that_nobody_collected_does_not() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "from localai.store import writer; print(writer.this_process())"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout:
        name = child.stdout.read().strip()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not writer.alive(name)
    child.wait()


def test_another_process_with_the_same_id_is_not_the_writer() -> None:
    pid, _, start = writer.this_process().partition(":")
    assert not writer.alive(f"{pid}:{start}1")
    assert not writer.alive(f"{pid}:")


@pytest.mark.parametrize("name", ["", ":", "x:1", "99999999999999999999:1", "-1:1", "0:1"])
def test_names_that_nobody_has(name: str) -> None:
    assert not writer.alive(name)


def test_elsewhere_than_on_linux_the_start_time_tells() -> None:
    assert writer.start_elsewhere(os.getpid()) == writer.start_elsewhere(os.getpid()) != ""
    assert writer.start_elsewhere(1) != writer.start_elsewhere(os.getpid())
    assert writer.start_elsewhere(10**20) == ""
