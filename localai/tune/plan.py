"""What the job and the training process tell each other: a plan in a file, news as lines.

Values only; neither MLX nor the engine is needed to read this.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import msgspec

from localai import tune_process
from localai.config import TuneSettings
from localai.lessons.maker import Example
from localai.rl.edge import Cell
from localai.tune.hosts import Setting

PLAN = tune_process.PLAN
ADAPTER = "adapter.gguf"
PARITY = "parity.npy"

TOKENS = 384
"""In a step, on each machine."""

LOST = 3
"""Exit code of a training process when another one of its group is gone."""


class Lost(Exception):
    """Another process of the group is gone."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to train: the last so many `layers` of the model (0: all), the linear layers `targets`
    in them (none named: all). `scale` multiplies the adapter's output (alpha = scale * rank);
    `tokens`: about that many in a step, `replay` the share of them that is replay;
    `recall`: what a token of the replay counts, a corrected one counting 1; `epochs` over
    what is not replay; `seconds`: stop after that, 0 never; `clip`: largest
    norm of the gradient. `rewrites`: for the record, as the examples have them already. What a
    user can set has no default here but for that."""

    rank: int
    learning_rate: float
    epochs: int
    replay: float
    recall: float = 3.0
    scale: float = 2.0
    warmup: int = 10
    tokens: int = TOKENS
    seconds: float = 0.0
    clip: float = 1.0
    seed: int = 0
    layers: int = 0
    targets: tuple[str, ...] = ()
    rewrites: int = 0


def options(settings: TuneSettings, *, data: bool, seconds: float = 0.0) -> Options:
    """How to train under these settings, on a named data set or on the user's own examples.
    The scale is LoRA's (Hu et al. 2021) or rank-stabilized (Kalajdzievski 2023,
    arXiv:2312.03732)."""
    return Options(
        rank=settings.rank,
        layers=settings.layers,
        targets=tuple(settings.targets),
        learning_rate=settings.learning_rate,
        epochs=settings.data_epochs if data else settings.epochs,
        replay=settings.replay,
        recall=settings.data_recall if data else settings.recall,
        scale=settings.alpha / (math.sqrt(settings.rank) if settings.rslora else settings.rank),
        seconds=seconds,
        rewrites=settings.rewrites,
    )


def spread(options: Options, machines: int) -> Options:
    """How so many machines train together: in steps as many times larger, and so fewer; the
    warm-up is as much shorter, the learning rate higher by the square root, as suits Adam
    (Malladi et al. 2022, arXiv:2205.10287)."""
    return msgspec.structs.replace(
        options,
        tokens=machines * options.tokens,
        warmup=-(-options.warmup // machines),
        learning_rate=math.sqrt(machines) * options.learning_rate,
    )


class Plan(msgspec.Struct, frozen=True):
    """`base` is the model's file, `own` what is new, `parity` what both engines shall read,
    `held` what is not trained on and tells when to stop; `tokenizer` names the vocabulary."""

    base: str
    options: Options
    own: tuple[Example, ...]
    replay: tuple[Example, ...]
    parity: tuple[Example, ...]
    held: tuple[Example, ...] = ()
    tokenizer: str = ""

    @property
    def data_hash(self) -> str:
        """The sha256, in hex, of all that is trained on: every token with its weight."""
        return hashlib.sha256(msgspec.msgpack.encode((self.own, self.replay))).hexdigest()


class Joining(msgspec.Struct, frozen=True, kw_only=True):
    """What the training process on another machine is sent, as a line of JSON: what MLX reads in
    its environment (`setting`), the `backend`, the plan and the checkpoint as they are in the
    files here (b"": none), the model's hash and size; its `host` is the name that it is told of
    by."""

    host: str
    setting: Setting
    backend: str
    plan: bytes
    checkpoint: bytes
    pieces: int
    nice: int
    base: str
    base_bytes: int


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """One of several processes waits to be told that all are; then they join."""


class Step(msgspec.Struct, frozen=True, tag="step"):
    """One step done, of `steps`. `loss` is the mean over its weighted tokens, in nats;
    `tokens` were read in it (padding not counted) in `seconds`; `held` is the loss of what is
    held out, when it was measured after this step; `memory` the most bytes that the process
    has held."""

    number: int
    steps: int
    loss: float
    tokens: int
    seconds: float
    held: float | None = None
    memory: int = 0


class Again(msgspec.Struct, frozen=True, tag="again"):
    """The process died and another one goes on; `message` says so."""

    message: str


class Trained(msgspec.Struct, frozen=True, tag="trained"):
    """The adapter is written. `memory` is the most the process held, in bytes; `device`
    what computed; `template_hash` the sha256 of the file's chat template; `steps` were made."""

    memory: int
    device: str
    template_hash: str
    steps: int = 0


class Made(msgspec.Struct, frozen=True):
    """What was trained: in which folder the adapter is, by which plan, and what is told of it.
    `number` is the round of rejection sampling that made it, 0 for none, and `cells` what that
    was about; `steps_before` are those of the run's trainings before it."""

    folder: Path
    plan: Plan
    trained: Trained
    number: int = 0
    cells: tuple[Cell, ...] = ()
    steps_before: int = 0

    @property
    def steps(self) -> tuple[int, int]:
        """Those of the run that made it: after the first, to the second."""
        return self.steps_before, self.steps_before + self.trained.steps


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Training is impossible; `message` is a sentence for the user."""

    message: str


News = Ready | Step | Again | Trained | Refused
