"""Supervised fine-tuning with LoRA: the matrices, the loss, the loop. MLX only, no files.

Low-rank adaptation after Hu et al. 2021 (arXiv:2106.09685): next to every linear layer
runs `scale * (x @ a) @ b`, and only a and b are trained. What is made smaller is said in
`objective`; it is asked only where a weight is not 0, because the vocabulary is wide and
most positions are prompt.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import mlx.core as mx
import msgspec
import numpy as np
from mlx import nn, optimizers
from mlx.utils import tree_flatten, tree_unflatten
from mlx_lm.tuner.lora import LoRALinear

from localai.tune import packing
from localai.tune.backward import value_and_gradients
from localai.tune.forward import hidden
from localai.tune.kernels import on_cpu
from localai.tune.objective import objective
from localai.tune.packing import Pack, Row
from localai.tune.plan import Options, Step

RECENT = 10
"""Steps whose times tell how long the next ones will take."""

LAST_RATE = 0.1
"""Share of the learning rate that the last step has."""


class NotFinite(ArithmeticError):
    """The loss stopped being a number."""


def add_lora(model: nn.Module, options: Options) -> None:
    """Put a trainable pair of matrices beside every linear layer of every block."""
    mx.random.seed(options.seed)
    for layer in model.layers:
        pairs = [
            (path, LoRALinear.from_base(module, r=options.rank, scale=options.scale))
            for path, module in layer.named_modules()
            if isinstance(module, nn.Linear | nn.QuantizedLinear)
        ]
        layer.update_modules(tree_unflatten(pairs))


def matrices(model: nn.Module) -> dict[str, mx.array]:
    """The trained matrices by parameter path: ".lora_a" (in, rank), ".lora_b" (rank, out)."""
    return dict(tree_flatten(model.trainable_parameters()))


def arrays(pack: Pack) -> tuple[mx.array, ...]:
    """What `loss` reads, in its order."""
    fields = (pack.ids, pack.segments, pack.places, pack.targets, pack.weights, pack.states)
    return tuple(map(mx.array, fields))


def loss(model: Any, ids: mx.array, segments: mx.array, *wanted: mx.array) -> mx.array:
    """The objective over a step's positions. Arrays as `arrays` gives them."""
    return objective(model, hidden(model, ids, segments), *wanted)


def plan(own: Sequence[Row], replay: Sequence[Row], options: Options) -> list[list[Row]]:
    """Every step's rows, for all epochs."""
    random = np.random.default_rng(options.seed)
    return [
        step
        for _ in range(options.epochs)
        for step in packing.steps(
            own, replay, tokens=options.tokens, share=options.replay, random=random
        )
    ]


def train(
    model: Any,
    plan: Sequence[Sequence[Row]],
    options: Options,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[Step]:
    """Train the matrices of `model`, a step at a time. Raises NotFinite as soon as a loss
    is no number. With `seconds` the schedule has only the steps that fit."""
    model.train()
    recall = Recall(model)
    optimizer = optimizers.AdamW(learning_rate=0.0, weight_decay=0.0)
    step = _step(model, optimizer, options)
    begin, steps, done = now(), len(plan), 0
    spent: list[float] = []
    while done < steps:
        started = now()
        optimizer.learning_rate = mx.array(rate(options, done, steps))
        row = packing.pack(recall(plan[done]))
        value = step(*arrays(row))
        mx.eval(model.state, optimizer.state, value)
        found = float(value)
        if not math.isfinite(found):
            raise NotFinite(f"the loss of step {done + 1} is {found}")
        done += 1
        spent.append(now() - started)
        if options.seconds:
            steps = _affordable(len(plan), spent, options.seconds - (now() - begin))
        yield Step(done, steps, found, row.tokens, spent[-1])


class Recall:
    """Gives recalled rows the bare model's hidden states, read when a row first comes up."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._read: dict[int, Row] = {}

    def __call__(self, rows: Sequence[Row]) -> list[Row]:
        """The rows, the recalled ones with their states."""
        if new := [row for row in rows if row.recalled and id(row) not in self._read]:
            together = packing.pack(new)
            with bare(self._model):
                found = hidden(self._model, mx.array(together.ids), mx.array(together.segments))
                states = np.array(found[mx.array(together.places)].astype(mx.float32))
            ends = np.cumsum([len(row.places) for row in new])
            for row, part in zip(new, np.split(states, ends)[: len(new)], strict=True):
                self._read[id(row)] = msgspec.structs.replace(row, states=part)
        return [self._read.get(id(row), row) for row in rows]


@contextmanager
def bare(model: Any) -> Iterator[None]:
    """Switch the trained matrices off; not for compiled functions, which keep the scale
    that they were traced with."""
    layers = [module for module in model.modules() if isinstance(module, LoRALinear)]
    scales = [layer.scale for layer in layers]
    for layer in layers:
        layer.scale = 0.0
    try:
        yield
    finally:
        for layer, scale in zip(layers, scales, strict=True):
            layer.scale = scale


def _affordable(planned: int, spent: Sequence[float], left: float) -> int:
    """How many of the planned steps there is time for, when steps go on taking what the
    last ones took. The first one is left out: it warmed up."""
    usual = statistics.median(spent[1:][-RECENT:] or spent)
    return min(planned, len(spent) + max(0, int(left / max(usual, 1e-9))))


def rate(options: Options, done: int, steps: int) -> float:
    """Learning rate: linear warm-up, then half a cosine down to LAST_RATE of the top."""
    if done < options.warmup:
        return options.learning_rate * (done + 1) / options.warmup
    part = min(1.0, (done - options.warmup) / max(1, steps - options.warmup))
    share = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * part))
    return options.learning_rate * share


def _step(model: Any, optimizer: Any, options: Options) -> Callable[..., mx.array]:
    """One step: gradient, clipping, update; returns the loss before it. Compiled on a GPU
    alone: on a CPU it gains nothing and needs a C++ compiler at run time."""
    gradient = value_and_gradients if on_cpu() else nn.value_and_grad(model, loss)
    state = [model.state, optimizer.state]

    def step(*arrays: mx.array) -> mx.array:
        value, grads = gradient(model, *arrays)
        grads, _ = optimizers.clip_grad_norm(grads, options.clip)
        optimizer.update(model, grads)
        return value

    return step if on_cpu() else mx.compile(step, inputs=state, outputs=state)
