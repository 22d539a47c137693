"""Tiny trained models begin as the same random ones every time, and learn what they should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from gguf import GGUFReader

from scripts.tiny_trained import ARCHITECTURES, write

SCRIPT = Path(__file__).parents[2] / "scripts" / "tiny_trained.py"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_architecture_is_always_the_same(architecture: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write(first, architecture, {})
    write(second, architecture, {})
    assert first.read_bytes() == second.read_bytes()


def test_what_was_learned_takes_the_place_of_what_was_random(tmp_path: Path) -> None:
    path, name = tmp_path / "one", "blk.1.attn_q.bias"
    write(path, "qwen2", {})
    before = {each.name: each.data.copy() for each in GGUFReader(path).tensors}
    write(path, "qwen2", {name: before[name] + 1})
    after = {each.name: each.data for each in GGUFReader(path).tensors}
    assert before.keys() == after.keys()
    assert [each for each in before if (before[each] != after[each]).any()] == [name]


def test_the_command_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(tmp_path), "mamba"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "mamba" in done.stderr
    assert list(tmp_path.iterdir()) == []
