"""The training process: `python -m localai.tune.trainer PARENT_PID FOLDER PIECES [BACKEND]`.

Apart because a Metal, CUDA or memory abort must cost one sentence and nothing else. It
reads the plan in the folder, goes on from the checkpoint there, tells its parent about
every step on stdout, and leaves the adapter and what parity is judged by in the folder.
Asked to terminate, it leaves a checkpoint. A step is computed in PIECES times those of the
checkpoint. It decides nothing. With a BACKEND of MLX it is the first of several processes that
train together; the others (`peer`) make the steps as it does, and write nothing.
"""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np

from localai.catalog.memory import free_memory, total_memory
from localai.engine import gentle
from localai.errors import ModelError
from localai.lessons.maker import Example
from localai.tune import adapter, blas
from localai.tune.checkpoints import Checkpoints
from localai.tune.manifest import settle
from localai.tune.plan import (
    ADAPTER,
    LOST,
    PARITY,
    PLAN,
    TOKENS,
    Lost,
    News,
    Plan,
    Ready,
    Refused,
    Trained,
)

if TYPE_CHECKING:
    from localai.tune.checkpoints import Arrays, Position
    from localai.tune.descent import Descent
    from localai.tune.group import Group
    from localai.tune.packing import Row
    from localai.tune.weights import Info

NOT_FINITE = (
    "Training came to numbers that are not finite ({}) and was stopped; the adapter in use "
    "stays. Look at the newest corrections, or lower tune.learning_rate."
)

TERMINATED = 128 + signal.SIGTERM

LITTLE = 0.04
"""Share of the machine's memory that must stay free; else the steps are divided."""

MOST_PIECES = 8

Tell = Callable[[News], None]


class Terminated(Exception):
    """The process was asked to end."""


class Kept(Protocol):
    """Where checkpoints are: `checkpoints.Checkpoints`, or what another machine was sent."""

    @property
    def due(self) -> bool:
        """Whether it is time for the next one."""

    def read(self) -> tuple[Position, Arrays] | None:
        """The last one; None if there is none."""

    def write(self, position: Position, arrays: Arrays) -> None:
        """Keep this one."""


def main(parent: int, folder: Path, pieces: int = 1, backend: str = "") -> int:
    """Train what the plan says; the exit code."""
    gentle.follow(parent)
    return told(lambda tell: _train(folder, pieces, backend, tell))


def told(train: Callable[[Tell], None]) -> int:
    """Train, with the news on stdout; the exit code."""
    news = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print goes to the log

    def tell(each: News) -> None:
        news.write(msgspec.json.encode(each) + b"\n")

    blas.bind()
    try:
        train(tell)
    except ModelError as error:
        tell(Refused(str(error)))
        return 1
    except Lost as error:
        print(f"Another process of the training is gone: {error}", file=sys.stderr)
        return LOST
    except Terminated:
        return TERMINATED
    return 0


def _train(folder: Path, pieces: int, backend: str, tell: Tell) -> None:
    import mlx.core as mx

    from localai.tune import group, sft

    written = (folder / PLAN).read_bytes()
    plan = msgspec.msgpack.decode(written, type=Plan)
    together = group.joined(backend, lambda: tell(Ready())) if backend else group.Group()
    model, info, steps = descended(plan, Checkpoints(folder, written), pieces, together, tell)
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
    settle(temporary, folder / ADAPTER)
    template = hashlib.sha256(info.template.encode("utf-8", "replace")).hexdigest()
    device = str(mx.default_device().type).rpartition(".")[2]
    tell(Trained(_memory(), device, template, steps))


def _memory() -> int:
    """The most bytes that this process has held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def descended(
    plan: Plan, checkpoints: Kept, pieces: int, together: Group, tell: Tell
) -> tuple[Any, Info, int]:
    """The plan's model, trained by the group, what its file says of itself, and in how many steps.
    Raises ModelError, Terminated, and Lost when another process is gone."""
    from localai.tune import packing, sft, weights
    from localai.tune.descent import Descent

    model, info = weights.load(Path(plan.base))
    sft.add_lora(model, plan.options)
    held = _sharing([packing.row(each) for each in plan.held])
    descent = Descent(model, _steps(plan), plan.options, pieces=pieces, held=held, group=together)
    # Fewer machines may go on with what more began, in steps that are too large for them.
    _descend(descent, checkpoints, tell, -(-plan.options.tokens // (TOKENS * together.size)))
    return model, info, descent.position.done


def _steps(plan: Plan) -> list[list[Row]]:
    from localai.tune import packing, sft

    own = [packing.row(each) for each in plan.own]
    replay = [packing.row(each, recalled=True, weight=plan.options.recall) for each in plan.replay]
    rows = _sharing([*own, *replay])
    return sft.plan(rows[: len(own)], rows[len(own) :], plan.options)


def _sharing(rows: list[Row]) -> list[Row]:
    """The rows as they are best read here."""
    from localai.tune.kernels import on_cpu
    from localai.tune.sharing import shared

    return shared(rows) if on_cpu() else rows


def _descend(descent: Descent, checkpoints: Kept, tell: Tell, least: int = 1) -> None:
    """Make the steps that are left, in so many pieces at `least`, with a checkpoint now and
    then, when they are divided, and at the end. Raises Terminated, with one, when that is
    wished, ModelError when the numbers are none."""
    from localai.tune.descent import NotFinite

    def keep() -> None:
        position = msgspec.structs.replace(descent.position, pieces=descent.pieces)
        checkpoints.write(position, descent.arrays())

    if kept := checkpoints.read():
        descent.go_on(*kept)
        descent.pieces *= kept[0].pieces
    descent.pieces = max(descent.pieces, least)
    with _termination() as wished:
        try:
            for step in descent:
                tell(msgspec.structs.replace(step, memory=_memory()))
                short = free_memory() < LITTLE * total_memory()
                if divide := short and descent.pieces < MOST_PIECES:
                    descent.pieces *= 2
                    print(f"Memory is short; {descent.pieces} pieces a step.", file=sys.stderr)
                if divide or wished() or checkpoints.due:
                    keep()
                if wished():
                    raise Terminated
        except NotFinite as error:
            raise ModelError(NOT_FINITE.format(error)) from error
        keep()


@contextmanager
def _termination() -> Iterator[Callable[[], bool]]:
    """Lets the block look whether the process was asked to terminate, instead of ending it."""
    seen: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda signum, _: seen.append(signum))
    try:
        yield lambda: bool(seen)
    finally:
        signal.signal(signal.SIGTERM, before)


def _save(file: Path, model: Any, examples: tuple[Example, ...]) -> None:
    """What MLX makes of the parity texts, end to end: for every position the log-probabilities
    of all tokens (positions, vocabulary). Written as they come; the vocabulary is wide."""
    import mlx.core as mx

    from localai.tune import forward, kernels

    count, kept = sum(len(example.ids) for example in examples), None
    at = 0
    for example in examples:
        ids = mx.array(example.ids)
        states = forward.hidden(model, ids, mx.zeros_like(ids))
        found = np.array(kernels.log_softmax(forward.logits(model, states)), np.float32)
        if kept is None:
            shape = (count, found.shape[1])
            kept = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=shape)
        kept[at : at + len(found)] = found
        at += len(found)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:]))
