"""OpenBLAS under MLX: bound in time, compiled once, computing what MLX would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from localai.tune import blas

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Metal needs no BLAS")

MULTIPLIES = """
import json, sys
from localai.tune import blas
bound = blas.bind()
import mlx.core as mx
import numpy as np
a = mx.array(np.arange(12, dtype=np.float32).reshape(3, 4))
b = mx.array(np.arange(20, dtype=np.float32).reshape(4, 5) - 7)
with mx.stream(mx.cpu):
    products = [a @ b, b.T @ a.T]
print(json.dumps([bound, *(np.array(each).tolist() for each in products)]))
"""


def multiplied(**environment: str) -> list[object]:
    """Whether it was bound, and two products, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", MULTIPLIES],
        env={**os.environ, **environment},
        capture_output=True,
        check=True,
    )
    found: list[object] = json.loads(ran.stdout)
    return found


def test_products_are_right_and_the_bridge_is_made_once(home: Path) -> None:
    a, b = np.arange(12).reshape(3, 4), np.arange(20).reshape(4, 5) - 7
    products = [(a @ b).tolist(), (b.T @ a.T).tolist()]
    assert multiplied() == [True, *products]
    (bridge,) = (home / "cache").iterdir()
    made = bridge.stat().st_mtime_ns
    assert multiplied(PATH="/nowhere") == [True, *products]
    assert [each.stat().st_mtime_ns for each in (home / "cache").iterdir()] == [made]


def test_without_a_compiler_mlx_goes_on_alone(home: Path) -> None:
    bound, *products = multiplied(PATH="/nowhere")
    assert bound is False
    assert len(products) == 2
    assert list((home / "cache").iterdir()) == []


def test_too_late_is_an_error() -> None:
    import mlx.core

    assert mlx.core.__name__ in sys.modules
    with pytest.raises(RuntimeError, match=r"before mlx\.core"):
        blas.bind()
