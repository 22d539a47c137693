"""kill -9 of the app or its engine while an answer streams: nothing that was said is lost."""

from __future__ import annotations

import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from localai.store.store import Store

pytestmark = pytest.mark.model

QUESTION = "Tell me a very long story about a lighthouse keeper."
PATIENCE = 120.0
ALLOWED_SECONDS = 1.0
Victim = Callable[["subprocess.Popen[bytes]"], None]


class Heard(NamedTuple):
    """What stood on stdout, with the moment each piece arrived."""

    pieces: list[tuple[float, str]]
    killed: float


def kill_app(app: subprocess.Popen[bytes]) -> None:
    app.kill()


def kill_engine(app: subprocess.Popen[bytes]) -> None:
    for child in psutil.Process(app.pid).children():
        child.kill()


def killed_while_streaming(home: Path, kill: Victim, seed: int) -> Heard:
    """Ask, wait for the first words, kill at a random moment, read to the end."""
    app = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "localai",
            "ask",
            "--temperature",
            "1",
            "--seed",
            str(seed),
            QUESTION,
        ],
        env={**os.environ, "LOCALAI_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert app.stdout is not None
    pieces: list[tuple[float, str]] = []
    moment = killed = 0.0
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ready, _, _ = select.select([app.stdout], [], [], 0.01)
        if ready:
            data = os.read(app.stdout.fileno(), 65536)
            if not data:
                break
            pieces.append((time.monotonic(), data.decode("utf-8", "replace")))
            moment = moment or time.monotonic() + random.Random(seed).uniform(0.0, 1.5)
        if moment and not killed and time.monotonic() >= moment:
            kill(app)
            killed = time.monotonic()
    app.stdout.close()
    app.wait(PATIENCE)
    return Heard(pieces, killed or time.monotonic())


def lost_seconds(heard: Heard, stored: str) -> float:
    """How long before the kill the first text was heard that is not stored."""
    so_far = ""
    for at, text in heard.pieces:
        so_far += text
        if not stored.strip().startswith(so_far.strip()):
            return max(0.0, heard.killed - at)
    return 0.0


def survive(home: Path, kill: Victim, seed: int) -> float:
    """One kill; the seconds of text that were lost."""
    heard = killed_while_streaming(home, kill, seed)
    with Store.open(home / "localai.db") as store:
        conversation = store.latest()
        assert conversation is not None
        question, answer = store.path(conversation.leaf)
    assert question.message.text == QUESTION
    assert answer.status in ("interrupted", "failed", "done")
    return lost_seconds(heard, answer.message.text)


@pytest.mark.parametrize("kill", [kill_app, kill_engine])
def test_a_kill_loses_nothing_that_was_said(tmp_path: Path, kill: Victim) -> None:
    assert survive(tmp_path, kill, 0) <= ALLOWED_SECONDS


@pytest.mark.faults
def test_50_kills(tmp_path: Path) -> None:
    lost = [
        survive(tmp_path / str(run), (kill_app, kill_engine)[run % 2], run) for run in range(50)
    ]
    print(f"50 kills: 0 messages lost, at most {max(lost):.2f} s of text lost")
    assert max(lost) <= ALLOWED_SECONDS
