"""Tiny models are tiny, and the same bytes every time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.tiny_models import GENERATES, KINDS, write

SCRIPT = Path(__file__).parents[2] / "scripts" / "tiny_models.py"


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_small_and_always_the_same(kind: str, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    first, second = write(kind, tmp_path), write(kind, tmp_path / "again")
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 2_000_000


def test_no_two_kinds_are_alike(tmp_path: Path) -> None:
    assert len({write(kind, tmp_path).read_bytes() for kind in KINDS}) == len(KINDS)
    assert set(GENERATES) < set(KINDS)


def test_the_command_writes_what_is_asked_for(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(tmp_path / "new"), "plain", "window"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == ["tiny-plain.gguf", "tiny-window.gguf"]
    assert all(name in done.stdout for name in names)
    wrong = subprocess.run([*command, "huge"], capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 2
    assert "huge" in wrong.stderr
