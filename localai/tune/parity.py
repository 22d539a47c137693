"""Whether MLX and llama.cpp agree on the trained model: `python -m localai.tune.parity`.

Arguments: PARENT_PID, FOLDER, BASE. Reads what training left in the folder, asks llama.cpp
for the same positions with the adapter on, prints the numbers as JSON. A process of its
own, because a bad adapter may abort it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from localai.digest import sha256
from localai.engine import gentle
from localai.engine.base import LoadOptions
from localai.engine.llama import Llama
from localai.engine.llama_adapter import LlamaAdapter
from localai.tune.parity_result import Parity
from localai.tune.plan import ADAPTER, PARITY, PLAN, Plan


def compare(folder: Path, base: str) -> Parity:
    """Compare all positions of the parity texts; what several of them begin with counts once, or
    one token of the system text that rounding turns would count in each. Raises ModelError."""
    plan = msgspec.msgpack.decode((folder / PLAN).read_bytes(), type=Plan)
    expected = np.load(folder / PARITY, mmap_mode="r")
    longest = max(len(each.ids) for each in plan.parity)
    size = longest + 1
    llama = Llama.open(LoadOptions(base, n_ctx=size, n_batch=size, n_outputs=size))
    read, seen = 0, set[tuple[int, ...]]()
    divergences, same = list[float](), list[bool]()
    try:
        path = folder / ADAPTER
        llama.attach(LlamaAdapter(llama.model, path, sha256(path)))
        for example in plan.parity:
            llama.forget(0, 0)
            llama.decode([(id, at, 0, True) for at, id in enumerate(example.ids)])
            for at in range(len(example.ids)):
                mlx = expected[read].astype(np.float64)
                read += 1
                if (begin := example.ids[: at + 1]) in seen:
                    continue
                seen.add(begin)
                found = _logprobs(llama.logits(at).astype(np.float64))
                divergences.append(float((np.exp(mlx) * (mlx - found)).sum()))
                same.append(int(mlx.argmax()) == int(found.argmax()))
    finally:
        llama.close()
    n = len(divergences)
    return Parity(
        float(np.mean(divergences)), float(np.std(divergences) / n**0.5), float(np.mean(same)), n
    )


def _logprobs(logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Log-probabilities (vocabulary,)."""
    logits = logits - logits.max()
    found: np.ndarray[Any, Any] = logits - np.log(np.exp(logits).sum())
    return found


def main(parent: int, folder: Path, base: str) -> int:
    """Print the comparison; the exit code."""
    gentle.follow(parent)
    out = os.dup(1)
    os.dup2(2, 1)  # what llama.cpp prints goes to the log
    os.write(out, msgspec.json.encode(compare(folder, base)))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
