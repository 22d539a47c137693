"""What training makes smaller, and its gradient, over a vocabulary of any width.

Cross entropy of the next token in what is new; in what is replayed, the divergence from
the bare model (learning without forgetting, Li and Hoiem 2016, arXiv:1606.09282). The
gradient of both is `probabilities - wanted`, so it comes with the value, a block of
positions at a time: the logits of all of them would be the largest thing in memory.
"""

from __future__ import annotations

from typing import Any

import mlx.core as mx

from localai.tune.forward import logits
from localai.tune.kernels import exp, log_softmax, on_cpu

BLOCK = 64
"""Positions whose logits exist at the same time."""


def objective(
    model: Any,
    hidden: mx.array,
    places: mx.array,
    targets: mx.array,
    weights: mx.array,
    states: mx.array,
) -> mx.array:
    """Weighted mean, in nats, over the `places` (n + m,) of the last hidden states `hidden`
    (length, width): n whose next tokens are `targets` (n,), then m at which the bare model
    has the hidden states `states` (m, width). `weights`: (n + m,)."""
    reached = hidden[places]
    states = states.astype(reached.dtype)
    n, count = len(targets), len(reached)
    share = weights / weights.sum()
    blocks = [(at, min(at + BLOCK, n)) for at in range(0, n, BLOCK)]
    blocks += [(at, min(at + BLOCK, count)) for at in range(n, count, BLOCK)]

    @mx.custom_function  # type: ignore[untyped-decorator]
    def mean(reached: mx.array) -> tuple[mx.array, mx.array]:
        values, gradients = [], []
        for at, to in blocks:
            here = reached[at:to]
            found = log_softmax(logits(model, here))
            if at < n:
                value, gradient = _surprise(found, targets[at:to])
            else:
                bare = log_softmax(logits(model, states[at - n : to - n]))
                value, gradient = _divergence(found, bare)
            values.append((value * share[at:to]).sum())
            gradients.append(_back(model, here, gradient) * share[at:to, None])
            if on_cpu():
                mx.eval(values[-1], gradients[-1])
        return mx.stack(values).sum(), mx.concatenate(gradients)

    @mean.vjp  # type: ignore[untyped-decorator]
    def _(_: mx.array, cotangents: Any, outputs: Any) -> mx.array:
        return cotangents[0] * outputs[1]

    return mean(reached)[0]


def _surprise(found: mx.array, targets: mx.array) -> tuple[mx.array, mx.array]:
    """Cross entropy (n,) and its gradient to the logits (n, vocabulary)."""
    targets = targets[:, None]
    reached = mx.take_along_axis(found, targets, axis=-1)
    gradient = mx.put_along_axis(exp(found), targets, mx.exp(reached) - 1, axis=-1)
    return -reached[:, 0], gradient


def _divergence(found: mx.array, bare: mx.array) -> tuple[mx.array, mx.array]:
    """KL(bare, found) (m,) and its gradient to the logits of `found` (m, vocabulary)."""
    wanted = exp(bare)
    return (wanted * (bare - found)).sum(axis=-1), exp(found) - wanted


def _back(model: Any, here: mx.array, gradient: mx.array) -> mx.array:
    """The gradient to the hidden states, from the one to the logits."""
    return mx.vjp(lambda states: logits(model, states), [here], [gradient])[1][0]
