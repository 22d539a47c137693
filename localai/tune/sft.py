"""Supervised fine-tuning with LoRA: the matrices, the loss, the plan. MLX only, no files.

Low-rank adaptation after Hu et al. 2021 (arXiv:2106.09685): next to every linear layer
runs `scale * (x @ a) @ b`, and only a and b are trained. What is made smaller is said in
`objective`; it is asked only where a weight is not 0, because the vocabulary is wide and
most positions are prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx.utils import tree_flatten, tree_unflatten
from mlx_lm.tuner.lora import LoRALinear

from localai.tune import packing
from localai.tune.forward import hidden
from localai.tune.kernels import on_cpu
from localai.tune.objective import objective
from localai.tune.packing import Pack, Row
from localai.tune.plan import Options


def add_lora(model: nn.Module, options: Options) -> None:
    """Put a trainable pair of matrices beside the linear layers that shall learn."""
    mx.random.seed(options.seed)
    for layer in model.layers[-options.layers :]:
        pairs = [
            (path, LoRALinear.from_base(module, r=options.rank, scale=options.scale))
            for path, module in layer.named_modules()
            if isinstance(module, nn.Linear | nn.QuantizedLinear)
            and (not options.targets or path.rpartition(".")[2] in options.targets)
        ]
        layer.update_modules(tree_unflatten(pairs))


def matrices(model: nn.Module) -> dict[str, mx.array]:
    """The trained matrices by parameter path: ".lora_a" (in, rank), ".lora_b" (rank, out)."""
    return dict(tree_flatten(model.trainable_parameters()))


def arrays(pack: Pack) -> tuple[mx.array, ...]:
    """What `loss` reads, in its order."""
    pack = packing.unpadded(pack) if on_cpu() else pack
    fields = (pack.ids, packing.layout(pack), pack.places, pack.targets, pack.weights, pack.states)
    return tuple(map(mx.array, fields))


def loss(model: Any, ids: mx.array, segments: mx.array, *wanted: mx.array) -> mx.array:
    """The objective over a step's positions. Arrays as `arrays` gives them."""
    return objective(model, hidden(model, ids, segments), *wanted)


def plan(own: Sequence[Row], replay: Sequence[Row], options: Options) -> list[list[Row]]:
    """Every step's rows, for all epochs."""
    random = np.random.default_rng(options.seed)
    new, again = options.epochs * packing.rest(own), packing.rest(replay)
    share = packing.replay_share(new, again, least=options.replay)
    return list(
        packing.steps(
            own, replay, tokens=options.tokens, share=share, random=random, epochs=options.epochs
        )
    )
