"""The descent: step after step down the loss. MLX only, no files.

Nothing in it is random, and the steps are planned before: what `Descent.arrays` gives and
how many steps are done is all that another process needs to go on.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn, optimizers
from mlx.utils import tree_flatten, tree_map, tree_unflatten

from localai import __version__
from localai.tune import packing, sft
from localai.tune.backward import value_and_gradients
from localai.tune.checkpoints import Arrays, Position
from localai.tune.group import Group
from localai.tune.kernels import on_cpu
from localai.tune.packing import Pack, Row
from localai.tune.plan import Options, Step
from localai.tune.recall import Recall
from localai.tune.stopping import Stopping

RECENT = 10
"""Steps whose times tell how long the next ones will take."""

LAST_RATE = 0.1
"""Share of the learning rate that the last step has."""

MATRICES, OPTIMIZER, BEST = "matrices:", "optimizer:", "best:"


class NotFinite(ArithmeticError):
    """The loss stopped being a number."""


class Descent:
    """Trains the matrices of `model`, a step at a time, each computed in up to so many
    `pieces`: fewer rows at once need less memory. With `seconds` in the options the schedule
    has only the steps that fit. It ends before when the rows `held` get no better (`stopping`),
    which are not trained on; at the end the model has the matrices that were best for them. In
    a `group` every process descends the same `plan`, and each computes its part of a step."""

    def __init__(
        self,
        model: Any,
        plan: Sequence[Sequence[Row]],
        options: Options,
        now: Callable[[], float] = time.monotonic,
        pieces: int = 1,
        held: Sequence[Row] = (),
        group: Group | None = None,
    ) -> None:
        self.pieces, self._group = pieces, group or Group()
        self._stopping = Stopping(model, held, options, len(plan), self._group)
        self._model, self._plan, self._options, self._now = model, plan, options, now
        self._optimizer = optimizers.AdamW(learning_rate=0.0, weight_decay=0.0)
        self.position = Position(0, len(plan))

    def arrays(self) -> Arrays:
        """The matrices, the best ones, and the optimizer's state."""
        found = {MATRICES + name: each for name, each in sft.matrices(self._model).items()}
        found |= {OPTIMIZER + name: each for name, each in tree_flatten(self._optimizer.state)}
        best = {BEST + name: each for name, each in self._stopping.matrices.items()}
        return {name: np.array(each) for name, each in found.items()} | best

    def go_on(self, position: Position, arrays: Arrays) -> None:
        """Be where another descent of the same plan was, by its `position` and `arrays`."""
        self.position = position
        self._stopping.best, self._stopping.misses = position.best, position.misses
        self._stopping.matrices = _part(arrays, BEST)
        self._model.load_weights(_loaded(_part(arrays, MATRICES)), strict=False)
        self._optimizer.state = tree_unflatten(_loaded(_part(arrays, OPTIMIZER)))

    def __iter__(self) -> Iterator[Step]:
        """Make the steps that are left. Raises NotFinite as soon as a loss is no number, Lost
        when another process of the group is gone, ModelError when it is another plan's."""
        self._model.train()
        self._group.agree(__version__, self.position)
        self._model.update(self._group.first(self._model.trainable_parameters()))
        mine = [self._group.dealt(rows) for rows in self._plan]
        recall, spent = Recall(self._model, mine), list[float]()
        step = _step(self._model, self._optimizer, self._options, self._group)
        done, steps = self.position.done, self.position.steps
        begin = self._now() - self.position.seconds
        while done < steps:
            started = self._now()
            self._optimizer.learning_rate = mx.array(rate(self._options, done, steps))
            rows, whole = recall(mine[done]), self._plan[done]
            packs = [packing.pack(each) for each in packing.divided(rows, self.pieces)]
            value = step(packs, _weight(rows) / _weight(whole))
            mx.eval(self._model.state, self._optimizer.state, value)
            found = float(value)
            if not math.isfinite(found):
                raise NotFinite(f"the loss of step {done + 1} is {found}")
            done += 1
            spent.append(self._now() - started)
            elapsed = self._now() - begin
            if self._options.seconds:
                left = self._options.seconds - elapsed
                steps = min(len(self._plan), done + affordable(spent, left))
                steps = self._group.decided(steps)
            held = self._stopping.measure(done, last=done == steps)
            steps = done if self._stopping.over else steps
            best, misses = self._stopping.best, self._stopping.misses
            self.position = Position(done, steps, elapsed, best, misses)
            yield Step(done, steps, found, packing.computed(whole), spent[-1], held)
        self._model.load_weights(_loaded(self._stopping.matrices), strict=False)


def affordable(spent: Sequence[float], left: float) -> int:
    """How many more steps there is time for, when they go on taking what the last ones
    took. The first one is left out: it warmed up."""
    usual = statistics.median(spent[1:][-RECENT:] or spent)
    return max(0, int(left / max(usual, 1e-9)))


def rate(options: Options, done: int, steps: int) -> float:
    """Learning rate: linear warm-up, then half a cosine down to LAST_RATE of the top."""
    if done < options.warmup:
        return options.learning_rate * (done + 1) / options.warmup
    part = min(1.0, (done - options.warmup) / max(1, steps - options.warmup))
    share = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * part))
    return options.learning_rate * share


def _weight(rows: Sequence[Row]) -> float:
    return sum(float(row.weights.sum()) for row in rows)


def _part(arrays: Arrays, prefix: str) -> Arrays:
    return {k.removeprefix(prefix): each for k, each in arrays.items() if k.startswith(prefix)}


def _loaded(arrays: Arrays) -> list[tuple[str, mx.array]]:
    return [(name, mx.array(each)) for name, each in arrays.items()]


def _step(
    model: Any, optimizer: Any, options: Options, group: Group
) -> Callable[[list[Pack], float], mx.array]:
    """One step of the packs, which have that share of the group's: gradient, clipping, update;
    returns the loss before it. Compiled on a GPU alone, and in one piece: on a CPU it gains
    nothing and needs a C++ compiler at run time."""
    gradient = value_and_gradients if on_cpu() else nn.value_and_grad(model, sft.loss)
    state = [model.state, optimizer.state]

    def update(value: mx.array, grads: Any) -> mx.array:
        grads, _ = optimizers.clip_grad_norm(grads, options.clip)
        optimizer.update(model, grads)
        return value

    def at_once(*arrays: mx.array) -> mx.array:
        return update(*gradient(model, *arrays))

    quick = at_once if on_cpu() else mx.compile(at_once, inputs=state, outputs=state)

    def step(packs: list[Pack], share: float) -> mx.array:
        if len(packs) == group.size == 1:
            return quick(*sft.arrays(packs[0]))
        none = mx.array(0.0), tree_map(mx.zeros_like, model.trainable_parameters())
        found = _together(lambda pack: gradient(model, *sft.arrays(pack)), packs) or none
        whole = group.sum({"value": found[0], "gradients": found[1]}, share)
        return update(whole["value"], whole["gradients"])

    return step


def _together(gradient: Callable[[Pack], Any], packs: list[Pack]) -> Any:
    """Value and gradients of all the packs as of one, computed one after the other; None
    without any."""
    whole = sum(float(pack.weights.sum()) for pack in packs)
    found: Any = None
    for pack in packs:
        share = float(pack.weights.sum()) / whole
        part = tree_map(lambda each, share=share: each * share, gradient(pack))
        found = part if found is None else tree_map(mx.add, found, part)
        mx.eval(found)
    return found
