"""A background process steps back, and does not outlive who started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from localai.engine.gentle import NICE

AUTOGROUP = Path("/proc/self/autogroup")

STEPS_BACK = """
import json, os, sys
from pathlib import Path
from localai.engine import gentle
gentle.step_back()
group = Path("/proc/self/autogroup")
print(json.dumps([
    os.getpriority(os.PRIO_PROCESS, 0), group.read_text() if group.exists() else ""
]))
"""

LEAVES_THE_DISK = """
import os, sys, psutil
from localai.engine import gentle
how, nice = sys.argv[1], int(sys.argv[2])
if how == "step back":
    gentle.step_back(nice)
else:
    os.setpriority(os.PRIO_PROCESS, 0, nice)
    gentle.follow(os.getppid())
sys.exit(psutil.Process().ionice().ioclass == psutil.IOPRIO_CLASS_IDLE)
"""

FOLLOWS = """
import os, resource, signal, sys
from localai.engine import gentle
os.setpriority(os.PRIO_PROCESS, 0, 7)
gentle.follow(int(sys.argv[1]))
print(os.getpriority(os.PRIO_PROCESS, 0), *resource.getrlimit(resource.RLIMIT_CORE),
      signal.getsignal(signal.SIGINT) is signal.SIG_IGN, flush=True)
sys.stdin.read()
"""

STARTS_ANOTHER = f"""
import os, subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-c", {FOLLOWS!r}, str(os.getpid())], stdin=subprocess.PIPE,
    start_new_session=True
)
sys.stdin.read()
"""


def stepped_back(*, session: bool) -> tuple[int, str]:
    """Niceness and autogroup line of a process, in a session of its own or in ours."""
    ran = subprocess.run(
        [sys.executable, "-c", STEPS_BACK],
        start_new_session=session,
        capture_output=True,
        check=True,
    )
    nice, group = json.loads(ran.stdout)
    return nice, group


def test_a_session_of_its_own_steps_back_as_a_whole() -> None:
    nice, group = stepped_back(session=True)
    assert nice == NICE
    if AUTOGROUP.exists():
        assert group.split()[-1] == str(NICE)


def test_the_users_session_stays_as_it_is() -> None:
    before = AUTOGROUP.read_text() if AUTOGROUP.exists() else ""
    nice, group = stepped_back(session=False)
    assert nice == NICE
    assert group == before
    assert (AUTOGROUP.read_text() if AUTOGROUP.exists() else "") == before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is the timer's")
@pytest.mark.parametrize(
    ("how", "nice", "idle"),
    [("step back", "19", 1), ("step back", "1", 1), ("step back", "0", 0), ("follow", "7", 0)],
)
def test_the_disk_is_left_to_others_where_that_is_wanted(how: str, nice: str, idle: int) -> None:
    ran = subprocess.run([sys.executable, "-c", LEAVES_THE_DISK, how, nice], timeout=60)
    assert ran.returncode == idle


def test_a_follower_keeps_quiet() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FOLLOWS, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as child:
        out, _ = child.communicate(timeout=60)
    assert out.split() == ["7", "0", "0", "True"]


def test_a_follower_of_somebody_else_ends_at_once() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FOLLOWS, "1"], stdin=subprocess.PIPE, capture_output=True, timeout=60
    )
    assert (ran.returncode, ran.stdout) == (0, b"")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of that")
def test_a_follower_dies_with_its_parent() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTS_ANOTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    with parent:
        assert parent.stdout.readline()  # the follower follows
        parent.send_signal(signal.SIGKILL)
        assert parent.stdout.read() == b""  # ends when the last process that has it does
