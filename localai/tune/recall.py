"""What the bare model has of the texts that are replayed: its last hidden states, read once.

They are read in the same groups however training was interrupted, since rounding depends
on what is read together: a row's group is what comes up for the first time with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import mlx.core as mx
import msgspec
import numpy as np
from mlx_lm.tuner.lora import LoRALinear

from localai.tune import packing
from localai.tune.forward import hidden
from localai.tune.packing import Row


class Recall:
    """Gives recalled rows the bare model's hidden states. `plan` has every step's rows."""

    def __init__(self, model: Any, plan: Sequence[Sequence[Row]]) -> None:
        self._model = model
        self._groups: dict[int, list[Row]] = {}
        self._read: dict[int, Row] = {}
        for step in plan:
            new = [row for row in step if row.recalled and id(row) not in self._groups]
            self._groups |= {id(row): new for row in new}

    def __call__(self, rows: Sequence[Row]) -> list[Row]:
        """The rows of a step, the recalled ones with their states."""
        for row in rows:
            if row.recalled and id(row) not in self._read:
                self._read_group(self._groups[id(row)])
        return [self._read.get(id(row), row) for row in rows]

    def _read_group(self, group: list[Row]) -> None:
        together = packing.pack(group)
        with bare(self._model):
            layout = mx.array(packing.layout(together))
            found = hidden(self._model, mx.array(together.ids), layout)
            states = np.array(found[mx.array(together.places)].astype(mx.float32))
        ends = np.cumsum([len(row.places) for row in group])
        for row, part in zip(group, np.split(states, ends)[: len(group)], strict=True):
            self._read[id(row)] = msgspec.structs.replace(row, states=part)


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
