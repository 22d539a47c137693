"""Early stopping: the loss of examples that are not trained on, and the best matrices so far.

After Prechelt 1998, "Early stopping, but when?": training ends when that loss has not become
lower for a while, with the matrices that it was lowest with. Without such examples nothing
is measured, and the last matrices are the ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from localai.tune import packing, sft
from localai.tune.checkpoints import Arrays
from localai.tune.group import Group
from localai.tune.packing import Row
from localai.tune.plan import Options

OFTEN, SELDOM = 10, 100
"""Steps between two measurements, at least and at most; once an epoch between the two."""

PATIENCE = 3
"""Measurements in a row that may be no better than the best."""


class Stopping:
    """Watches the training of `model` for `planned` steps by the rows `held`, of which each
    process of the `group` reads a part."""

    def __init__(
        self, model: Any, held: Sequence[Row], options: Options, planned: int, group: Group
    ) -> None:
        self._model, self._group = model, group
        tokens = sum(len(row.ids) for row in held)
        parts = packing.divided(held, -(-tokens // options.tokens)) if held else []
        self._packs = [packing.pack(part) for part in parts]
        self._every = min(SELDOM, max(OFTEN, planned // options.epochs))
        self.best: float | None = None
        self.misses = 0
        self.matrices: Arrays = {}

    @property
    def over(self) -> bool:
        """Whether it has not become better for a while."""
        return self.misses >= PATIENCE

    def measure(self, done: int, *, last: bool) -> float | None:
        """The loss after `done` steps, in nats for each token; None when it is not time."""
        if not self._packs or (done % self._every and not last):
            return None
        weights = [float(pack.weights.sum()) for pack in self._packs]
        mine = slice(self._group.rank, None, self._group.size)
        values = [float(sft.loss(self._model, *sft.arrays(pack))) for pack in self._packs[mine]]
        found = self._group.total(float(np.dot(values, weights[mine]))) / sum(weights)
        if self.best is None or found < self.best:
            self.best, self.misses = found, 0
            self.matrices = {
                name: np.array(each) for name, each in sft.matrices(self._model).items()
            }
        else:
            self.misses += 1
        return found
