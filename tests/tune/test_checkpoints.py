"""Training goes on where it was, bit for bit, by checkpoints that are whole and its own."""

from __future__ import annotations

import errno
import io
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from localai.tune import checkpoints
from localai.tune.checkpoints import CHECKPOINT, Checkpoints, Position
from localai.tune.plan import ADAPTER
from localai.tune.trainer import TERMINATED
from tests.tune import killed

ARRAYS = {"matrices:a": np.arange(6, dtype=np.float32).reshape(2, 3)}
AT = Position(3, 9, 1.5)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    Checkpoints(tmp_path, b"plan").write(AT, {"matrices:a": np.zeros(1)})
    Checkpoints(tmp_path, b"plan").write(AT, ARRAYS)
    kept = Checkpoints(tmp_path, b"plan").read()
    assert kept is not None
    position, arrays = kept
    assert position == AT
    assert arrays.keys() == ARRAYS.keys()
    np.testing.assert_array_equal(arrays["matrices:a"], ARRAYS["matrices:a"])
    assert [file.name for file in tmp_path.iterdir()] == [CHECKPOINT]


def test_none_is_no_trouble(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Checkpoints(tmp_path, b"plan").read() is None
    assert capsys.readouterr().err == ""


def test_a_foreign_one_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Checkpoints(tmp_path, b"another").write(AT, ARRAYS)
    assert Checkpoints(tmp_path, b"plan").read() is None
    assert "belongs to another plan" in capsys.readouterr().err


def test_a_broken_one_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Checkpoints(tmp_path, b"plan").write(AT, ARRAYS)
    whole = (tmp_path / CHECKPOINT).read_bytes()
    data = whole.index(ARRAYS["matrices:a"].tobytes())
    about, strange = io.BytesIO(), np.frombuffer(b"{]", np.uint8)
    named: dict[str, Any] = {checkpoints._ABOUT: strange}
    np.savez(about, **named)
    flipped = bytearray(whole)
    flipped[data + 5] ^= 1
    parts = (whole[: len(whole) // 2], whole[:-1], bytes(flipped), about.getvalue())
    for broken in (b"", b"nonsense", *parts):
        (tmp_path / CHECKPOINT).write_bytes(broken)
        assert Checkpoints(tmp_path, b"plan").read() is None
        assert "it is broken" in capsys.readouterr().err


def test_a_full_disk_costs_the_checkpoint_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Checkpoints(tmp_path, b"plan")
    kept.write(AT, ARRAYS)

    def full(file: object, **arrays: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        kept.write(Position(4, 9), ARRAYS)
    assert capsys.readouterr().err == "No checkpoint could be written (No space left on device).\n"
    found = kept.read()
    assert found is not None
    assert found[0] == AT
    assert [file.name for file in tmp_path.iterdir()] == [CHECKPOINT]


def test_they_take_a_small_share_of_the_time(tmp_path: Path) -> None:
    begun, written, took = checkpoints.SECONDS, checkpoints.SECONDS + 2.0, 2.0
    looks = [begun - 1, begun, written + checkpoints.SECONDS, written + took / checkpoints.SHARE]
    clock = iter((0.0, *looks[:2], begun, written, *looks[2:]))
    kept = Checkpoints(tmp_path, b"plan", now=clock.__next__)
    assert [kept.due, kept.due] == [False, True]
    kept.write(AT, ARRAYS)
    assert [kept.due, kept.due] == [False, True]


@pytest.fixture(scope="module")
def base(tiny_llama: Callable[[str], Path]) -> Path:
    return tiny_llama("F32")


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a trainer that nobody interrupts makes."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    killed.begin(folder, base)
    with killed.trainer(folder) as process:
        assert [step.number for step in killed.steps(process)] == list(range(1, killed.STEPS + 1))
    assert process.returncode == 0
    return (folder / ADAPTER).read_bytes()


def test_a_killed_trainer_goes_on_bit_for_bit(adapter: bytes, base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    killed.begin(folder, base)
    with killed.trainer(folder) as process:
        before = killed.steps(process, until=25)
        process.kill()
    with killed.trainer(folder) as process:
        steps = killed.steps(process)
    assert process.returncode == 0
    assert steps[0].number > 24
    assert steps[-1].number == killed.STEPS
    told = {each.held: each.number for each in (*before, *steps) if each.held is not None}
    assert told[min(told)] == 20  # so the matrices that were best come from the checkpoint
    assert (folder / ADAPTER).read_bytes() == adapter


def test_asked_to_end_it_leaves_a_checkpoint(adapter: bytes, base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stopped"
    killed.begin(folder, base)
    with killed.trainer(folder) as process:
        seen = killed.steps(process, until=4)
        process.send_signal(signal.SIGTERM)
        seen += killed.steps(process)
    assert process.returncode == TERMINATED
    assert not (folder / ADAPTER).exists()
    with killed.trainer(folder) as process:
        steps = killed.steps(process)
    assert steps[0].number == seen[-1].number + 1
    assert (folder / ADAPTER).read_bytes() == adapter
