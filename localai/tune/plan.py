"""What the job and the training process tell each other: a plan in a file, news as lines.

Values only; neither MLX nor the engine is needed to read this.
"""

from __future__ import annotations

import msgspec

from localai.tune.dataset import Example

PLAN = "plan.msgpack"
ADAPTER = "adapter.gguf"
PARITY = "parity.npz"


class Options(msgspec.Struct, frozen=True):
    """How to train. `scale` multiplies the adapter's output (alpha = scale * rank);
    `tokens`: about that many in a step, `replay` the share of them that is replay;
    `epochs` over what is not replay; `seconds`: stop after that, 0 never; `clip`: largest
    norm of the gradient."""

    rank: int = 8
    scale: float = 2.0
    learning_rate: float = 3e-4
    warmup: int = 10
    epochs: int = 2
    tokens: int = 384
    replay: float = 0.6
    seconds: float = 0.0
    clip: float = 1.0
    seed: int = 0


class Plan(msgspec.Struct, frozen=True):
    """`base` is the model's file, `own` what is new, `parity` what both engines shall read."""

    base: str
    options: Options
    own: tuple[Example, ...]
    replay: tuple[Example, ...]
    parity: tuple[Example, ...]


class Step(msgspec.Struct, frozen=True, tag="step"):
    """One step done, of `steps`. `loss` is the mean over its weighted tokens, in nats;
    `tokens` were read in it (padding not counted) in `seconds`."""

    number: int
    steps: int
    loss: float
    tokens: int
    seconds: float


class Trained(msgspec.Struct, frozen=True, tag="trained"):
    """The adapter is written. `memory` is the most the process held, in bytes; `device`
    what computed; `template_hash` the sha256 of the file's chat template."""

    memory: int
    device: str
    template_hash: str


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Training is impossible; `message` is a sentence for the user."""

    message: str


News = Step | Trained | Refused
