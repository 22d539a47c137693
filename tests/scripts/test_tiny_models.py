"""Tiny models are tiny, and the same bytes every time."""

from __future__ import annotations

import statistics
import subprocess
import sys
from math import log
from pathlib import Path

import pytest

from scripts.tiny_models import GENERATES, KINDS, WEIGHTS, write
from tests.engine.running import TALE, opened

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


@pytest.mark.model
@pytest.mark.parametrize("weights", WEIGHTS)
def test_weights_of_each_type_say_nearly_the_same(weights: str, tmp_path: Path) -> None:
    """A token that is unlikely to the exact model is unlikely to the quantised one."""
    for kind in GENERATES:
        with opened(write(kind, tmp_path)) as exact, opened(write(kind, tmp_path, weights)) as rig:
            prompt = rig.ids(TALE)
            asked = [exact.decoder.probabilities, rig.decoder.probabilities]
            first, other = ([log(row.probability) for row in rows(prompt, 1)] for rows in asked)
            assert statistics.correlation(first, other) > 0.5
            assert (first == other) == (weights == "F32")


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
