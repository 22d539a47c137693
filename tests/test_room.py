"""Two processes that want the memory see each other, whoever comes first; a crash gives way."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localai.room import TRAINING, Room

HOLDS = """
import signal, sys
from pathlib import Path
from localai.room import Room
room = Room(Path(sys.argv[1]))
if sys.argv[2] == "chat":
    room.chat()
    print("there", flush=True)
    signal.pause()
with room.train() as trains:
    trains(12345678)
    trains(4321)
    print("there", flush=True)
    signal.pause()
"""


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Another process that chats or trains; there when this returns."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(what: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", HOLDS, str(tmp_path), what]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        begun.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_nobody_is_there_at_first(room: Room, tmp_path: Path) -> None:
    assert not room.chatting
    assert room.trainer == 0
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_chat_is_seen_until_its_process_dies(
    room: Room, other: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    chats = [other("chat"), other("chat")]
    for process in chats:
        assert room.chatting
        end(process)
    assert not room.chatting


def test_a_training_is_seen_by_its_last_process_until_it_dies(
    room: Room, other: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    training = other("training")
    assert room.trainer == 4321
    end(training)
    assert room.trainer == 0


def test_a_chat_waits_until_the_training_has_made_way(
    room: Room, other: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    training = other("training")
    seen: list[bool] = []

    def sleep(_: float) -> None:
        seen.append(room.chatting)  # so the training knows that it is to make way
        if len(seen) == 3:
            end(training)

    os.close(room.chat(sleep=sleep))
    assert seen == [True] * 3
    assert not room.chatting


def test_a_chat_does_not_wait_for_ever(
    room: Room, other: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    other("training")
    lock = room.chat(seconds=0.0)
    assert room.chatting
    os.close(lock)


def test_where_no_lock_can_be_made_nobody_waits(tmp_path: Path) -> None:
    room = Room(tmp_path / "absent")
    assert room.chat() == -1
    assert not room.chatting
    assert room.trainer == 0


def test_where_files_have_no_locks_nobody_waits_and_nothing_stays_open(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(lock: int, kind: int) -> None:
        opened.append(lock)
        raise OSError(errno.ENOLCK, "No locks available")

    opened: list[int] = []
    monkeypatch.setattr("fcntl.flock", refuse)
    assert room.chat() == -1
    with room.train() as trains:
        trains(4321)
    assert not room.chatting
    assert len(opened) == 3
    for lock in set(opened):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(lock)


def test_the_training_makes_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    with Room(folder).train():
        assert {each.name for each in folder.iterdir()} == {TRAINING}
        assert Room(folder).trainer == 0  # held, and no process told of
