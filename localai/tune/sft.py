"""Supervised fine-tuning with LoRA: the matrices, the loss, the loop. MLX only, no files.

Low-rank adaptation after Hu et al. 2021 (arXiv:2106.09685): next to every linear layer
runs `scale * (x @ a) @ b`, and only a and b are trained. The loss is the cross entropy of
the next token, weighted token by token; logits are computed only where a weight is not 0,
because the vocabulary is wide and most positions are prompt.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn, optimizers
from mlx.utils import tree_flatten, tree_unflatten
from mlx_lm.tuner.lora import LoRALinear

from localai.tune import packing
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


def hidden(model: Any, ids: mx.array, segments: mx.array) -> mx.array:
    """Last hidden states (length, width) of packed examples that do not see each other."""
    places = mx.arange(ids.shape[0])
    mask = (segments[:, None] == segments[None]) & (places[:, None] >= places[None])
    states = model.model.embed_tokens(ids[None])
    for layer in model.layers:
        states = layer(states, mask)
    return model.model.norm(states)[0]


def logits(model: Any, states: mx.array) -> mx.array:
    """Logits (rows, vocabulary) in float32 of hidden states (rows, width)."""
    tied = model.args.tie_word_embeddings
    found = model.model.embed_tokens.as_linear(states) if tied else model.lm_head(states)
    return found.astype(mx.float32)


def loss(
    model: Any,
    ids: mx.array,
    segments: mx.array,
    places: mx.array,
    targets: mx.array,
    weights: mx.array,
) -> mx.array:
    """Weighted mean cross entropy in nats; arrays as in packing.Pack."""
    found = logits(model, hidden(model, ids, segments)[places])
    each = nn.losses.cross_entropy(found, targets, reduction="none")
    return (each * weights).sum() / weights.sum()


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
    optimizer = optimizers.AdamW(learning_rate=0.0, weight_decay=0.0)
    step = _compiled(model, optimizer, options)
    begin, steps, done = now(), len(plan), 0
    spent: list[float] = []
    while done < steps:
        started = now()
        optimizer.learning_rate = mx.array(rate(options, done, steps))
        row = packing.pack(plan[done])
        value = step(*_arrays(row))
        mx.eval(model.state, optimizer.state, value)
        found = float(value)
        if not math.isfinite(found):
            raise NotFinite(f"the loss of step {done + 1} is {found}")
        done += 1
        spent.append(now() - started)
        if options.seconds:
            steps = _affordable(len(plan), spent, options.seconds - (now() - begin))
        yield Step(done, steps, found, row.tokens, spent[-1])


def _affordable(planned: int, spent: Sequence[float], left: float) -> int:
    """How many of the planned steps there is time for, when steps go on taking what the
    last ones took. The first one is left out: it compiled."""
    usual = statistics.median(spent[1:][-RECENT:] or spent)
    return min(planned, len(spent) + max(0, int(left / max(usual, 1e-9))))


def rate(options: Options, done: int, steps: int) -> float:
    """Learning rate: linear warm-up, then half a cosine down to LAST_RATE of the top."""
    if done < options.warmup:
        return options.learning_rate * (done + 1) / options.warmup
    part = min(1.0, (done - options.warmup) / max(1, steps - options.warmup))
    share = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * part))
    return options.learning_rate * share


def _arrays(row: Pack) -> tuple[mx.array, ...]:
    fields = (row.ids, row.segments, row.places, row.targets, row.weights)
    return tuple(mx.array(field) for field in fields)


def _compiled(model: Any, optimizer: Any, options: Options) -> Callable[..., mx.array]:
    """One step: gradient, clipping, update; returns the loss before it."""
    gradient = nn.value_and_grad(model, loss)
    state = [model.state, optimizer.state]

    @partial(mx.compile, inputs=state, outputs=state)
    def step(*arrays: mx.array) -> mx.array:
        value, grads = gradient(model, *arrays)
        grads, _ = optimizers.clip_grad_norm(grads, options.clip)
        optimizer.update(model, grads)
        return value

    return step
