"""One trainer at work: `python -m scripts.benchmarks.trainers PLAN.msgpack FIGURES.json`.

localai's own, or mlx-lm's, each in a process of its own so that its memory can be seen. Both
get the same model, matrices, examples, number of examples in a step, optimizer and learning
rates. What is held out is judged in the same plain way, by the model's own forward pass,
after the peak of the memory was read.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from localai.lessons.maker import Example
from localai.tune import blas
from localai.tune.plan import Options

SECOND_PASS = 2
"""The first pass over the examples compiles and warms up; the second one is timed."""


class Work(msgspec.Struct, frozen=True):
    """What to train: `batch` examples in a step, so often over all of them (`passes`). Of
    each step's tokens a share of `recalled` is read as replay, in ours only. `stock`: with
    the BLAS of MLX's wheel. `held_out` is judged before (without `passes`) or after."""

    trainer: Literal["ours", "mlx-lm"]
    model: str
    options: Options
    examples: list[Example]
    batch: int
    passes: int = SECOND_PASS
    held_out: list[Example] = []
    recalled: float = 0.0
    stock: bool = False


class Figures(msgspec.Struct, frozen=True):
    """The steps that count: `seconds` and `tokens` of each (0 where nobody tells), and the
    examples in all of them. `memory`: the most held, in bytes. `losses`: of each held-out
    example the mean over what counts in it, in nats."""

    seconds: list[float]
    tokens: list[int]
    examples: int
    memory: int
    losses: list[float]

    @property
    def speed(self) -> float:
        """Examples per second."""
        return self.examples / sum(self.seconds)


def work(given: Work) -> Figures:
    """Train in this process."""
    if not given.stock:
        blas.bind()
    from localai.tune import sft, weights

    model, _ = weights.load(Path(given.model))
    sft.add_lora(model, given.options)
    train = ours if given.trainer == "ours" else peers
    steps = list(train(model, given)) if given.passes else []
    timed = steps[-(len(steps) // given.passes) :] if steps else []
    unit = 1 if sys.platform == "darwin" else 1024
    return Figures(
        seconds=[seconds for seconds, _ in timed],
        tokens=[tokens for _, tokens in timed],
        examples=len(timed) * given.batch,
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
        losses=[_loss(model, example) for example in given.held_out],
    )


def ours(model: Any, given: Work) -> Iterator[tuple[float, int]]:
    """Seconds and tokens of each step of localai's trainer."""
    import numpy as np

    from localai.tune import packing
    from localai.tune.descent import Descent

    draw = np.random.default_rng(given.options.seed)
    again = round(given.recalled * given.batch)
    plan = []
    for _ in range(given.passes):
        order = [given.examples[at] for at in draw.permutation(len(given.examples))]
        for begin in range(0, len(order), given.batch):
            step = order[begin : begin + given.batch]
            plan.append([packing.row(each, recalled=at < again) for at, each in enumerate(step)])
    for done in Descent(model, plan, given.options):
        yield done.seconds, done.tokens


def peers(model: Any, given: Work) -> list[tuple[float, int]]:
    """Seconds of each step of mlx-lm's trainer, fed with ids and where the answer begins; it
    would learn one token of padding after each answer, too, which ours does not."""
    import mlx.core as mx
    import numpy as np
    from mlx_lm.tuner.trainer import TrainingArgs, TrainingCallback, iterate_batches, train

    found: list[tuple[float, int]] = []

    class Watch(TrainingCallback):  # type: ignore[misc]
        def on_train_loss_report(self, train_info: dict[str, Any]) -> None:
            found.append((1 / train_info["iterations_per_second"], 0))

    def batches(**options: Any) -> Iterator[tuple[mx.array, mx.array]]:
        for ids, bounds in iterate_batches(**options):
            yield ids, bounds - mx.array([0, 1])

    data = [(list(each.ids), each.weights.index(1.0)) for each in given.examples]
    steps = given.passes * (len(data) // given.batch)
    np.random.seed(given.options.seed)
    with tempfile.TemporaryDirectory() as folder:
        train(
            model,
            _optimizer(given.options, steps),
            data,
            args=TrainingArgs(
                batch_size=given.batch,
                iters=steps,
                steps_per_report=1,
                adapter_file=str(Path(folder) / "adapters.safetensors"),
            ),
            iterate_batches=batches,
            training_callback=Watch(),
        )
    return found


def _optimizer(options: Options, steps: int) -> Any:
    """AdamW whose rates are those of localai's steps."""
    import mlx.core as mx
    from mlx import optimizers

    from localai.tune import descent

    rates = mx.array([descent.rate(options, done, steps) for done in range(steps)])
    return optimizers.AdamW(learning_rate=lambda step: rates[step], weight_decay=0.0)


def _loss(model: Any, example: Example) -> float:
    import mlx.core as mx
    from mlx import nn

    model.eval()
    ids, weights = mx.array(example.ids), mx.array(example.weights[1:])
    found = nn.losses.cross_entropy(model(ids[None, :-1])[0].astype(mx.float32), ids[1:])
    return float((found * weights).sum() / weights.sum())


if __name__ == "__main__":
    plan, figures = map(Path, sys.argv[1:])
    done = work(msgspec.msgpack.decode(plan.read_bytes(), type=Work))
    figures.write_bytes(msgspec.json.encode(done))
