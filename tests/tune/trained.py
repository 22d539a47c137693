"""Models that are sharp, in every type that llama.cpp writes: the tiny trained ones, and

`python -m tests.tune.trained TEXT.npy MODEL.gguf ...`: what MLX makes of a text, with a fast
BLAS under it, as MODEL.npy beside each model.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from localai.tune import blas
from scripts.benchmarks.fit import quantise
from scripts.tiny_trained import stay_on_one_core

ROOT = Path(__file__).resolve().parents[2]
FILE_TYPES = {
    "F16": 1,
    "Q4_0": 2,
    "Q4_1": 3,
    "Q8_0": 7,
    "Q5_0": 8,
    "Q5_1": 9,
    "Q2_K": 10,
    "Q3_K_M": 12,
    "Q4_K_M": 15,
    "Q5_K_M": 17,
    "Q6_K": 18,
    "IQ4_NL": 25,
    "IQ3_S": 26,
    "BF16": 32,
}
"""Name -> llama_ftype."""


def write_trained(folder: Path, architecture: str) -> Path:
    """A trained model of that architecture, made in a process of its own: a fast BLAS has to
    be there before MLX."""
    environment = {**os.environ, "LOCALAI_HOME": str(folder / "home"), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "scripts/tiny_trained.py", str(folder), architecture]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return folder / f"trained-{architecture}.gguf"


def requantised(path: Path, folder: Path, kind: str) -> Path:
    """The model in another type."""
    target = folder / f"{path.stem}-{kind}.gguf"
    quantise(str(path), str(target), str(FILE_TYPES[kind]))
    return target


def read(text: Path, models: list[Path]) -> None:
    """Save the logits of the text by each model."""
    stay_on_one_core()
    blas.bind()
    from tests.tune.tiny_llama import mlx_logits

    for path in models:
        np.save(path.with_suffix(".npy"), mlx_logits(path, np.load(text), quantized=False))


if __name__ == "__main__":
    read(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
