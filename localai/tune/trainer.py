"""The training process: `python -m localai.tune.trainer PARENT_PID FOLDER`.

Apart because a Metal, CUDA or memory abort must cost one sentence and nothing else. It
reads the plan in the folder, tells its parent about every step on stdout, and leaves the
adapter and what parity is judged by in the folder. It decides nothing.
"""

from __future__ import annotations

import hashlib
import os
import resource
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from localai.engine import gentle
from localai.errors import ModelError
from localai.lessons.maker import Example
from localai.tune import adapter, blas
from localai.tune.plan import ADAPTER, PARITY, PLAN, News, Plan, Refused, Trained

NOT_FINITE = (
    "Training came to numbers that are not finite ({}) and was stopped; the adapter in use "
    "stays. Look at the newest corrections, or lower tune.learning_rate."
)


def main(parent: int, folder: Path) -> int:
    """Train what the plan says; the exit code."""
    gentle.follow(parent)
    news = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print goes to the log

    def tell(each: News) -> None:
        news.write(msgspec.json.encode(each) + b"\n")

    plan = msgspec.msgpack.decode((folder / PLAN).read_bytes(), type=Plan)
    blas.bind()
    try:
        _train(plan, folder, tell)
    except ModelError as error:
        tell(Refused(str(error)))
        return 1
    return 0


def _train(plan: Plan, folder: Path, tell: Any) -> None:
    import mlx.core as mx

    from localai.tune import packing, sft, weights

    model, info = weights.load(Path(plan.base))
    own = [packing.row(each) for each in plan.own]
    replay = [packing.row(each, recalled=True, weight=plan.options.recall) for each in plan.replay]
    sft.add_lora(model, plan.options)
    steps = sft.plan(own, replay, plan.options)
    try:
        for step in sft.train(model, steps, plan.options):
            tell(step)
    except sft.NotFinite as error:
        raise ModelError(NOT_FINITE.format(error)) from error
    model.eval()
    _save(folder / PARITY, model, plan.parity)
    temporary = folder / f"{ADAPTER}.tmp"
    adapter.write(
        temporary,
        info.architecture,
        {path: np.array(matrix) for path, matrix in sft.matrices(model).items()},
        info.name,
        rank=plan.options.rank,
        scale=plan.options.scale,
    )
    adapter.settle(temporary, folder / ADAPTER)
    unit = 1 if sys.platform == "darwin" else 1024
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    template = hashlib.sha256(info.template.encode("utf-8", "replace")).hexdigest()
    tell(Trained(memory, str(mx.default_device().type).rpartition(".")[2], template))


def _save(file: Path, model: Any, examples: tuple[Example, ...]) -> None:
    """What MLX makes of the parity texts: `ids`, `ends` (where each text ends) and, for
    every position, the log-probabilities of all tokens (positions, vocabulary)."""
    import mlx.core as mx

    from localai.tune import forward, objective

    found = []
    for example in examples:
        ids = mx.array(example.ids)
        states = forward.hidden(model, ids, mx.zeros_like(ids))
        found.append(np.array(objective.log_softmax(forward.logits(model, states))))
    np.savez(
        file,
        ids=np.concatenate([np.array(example.ids, np.int32) for example in examples]),
        ends=np.cumsum([len(example.ids) for example in examples]),
        logprobs=np.concatenate(found),
    )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2])))
