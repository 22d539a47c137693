"""What an engine is: the contract between chat, evaluation and whatever runs the model.

Implemented by `process.EngineProcess` (the real model, in a child process) and
`scripted.ScriptedEngine` (a deterministic fake). Everything is synchronous;
`state`, `warm`, `cancel`, `unload` and `close` may be called from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from typing import Literal, Protocol

import msgspec

from localai.constraint import Constraint
from localai.conversation import Completion, Event, Message
from localai.engine.load_options import BARE, AdapterFile, Beside, LoadOptions
from localai.render.base import Rendered, RenderOptions, Thinking

__all__ = [
    "BARE",
    "AdapterFile",
    "Beside",
    "Constraint",
    "Engine",
    "EngineState",
    "Job",
    "LoadOptions",
    "ModelInfo",
    "ReasoningRule",
    "RenderOptions",
    "Rendered",
    "Request",
    "Sampled",
    "Sampling",
    "Scores",
    "Scoring",
    "Side",
    "Thinking",
    "TokenProbability",
]

EngineState = Literal["stopped", "loading", "ready", "busy", "crashed"]


class ModelInfo(msgspec.Struct, frozen=True):
    """What is loaded. `n_ctx` is what the context really holds; `accelerator` what computes;
    `vocab_hash` names the vocabulary that token ids belong to (sha256 hex), `adapter` the
    adapter in force by its content (sha256 hex; empty for the bare model), which works with
    `adapter_scale`. `template` is the text of the chat template, `template_tools` whether it
    writes tools, calls and results; `control` are the texts of the vocabulary's special tokens."""

    path: str
    name: str
    architecture: str
    n_ctx: int
    n_vocab: int
    accelerator: str
    template_source: Literal["file", "override", "fallback"]
    vocab_hash: str
    thinking: Thinking | None = None
    adapter: str = ""
    adapter_scale: float = 1.0
    template: str = ""
    template_tools: bool = False
    control: tuple[str, ...] = ()


class Sampling(msgspec.Struct, frozen=True):
    """How the next token is chosen. `temperature` 0 is greedy; `top_k` 0, `top_p` 1,
    `min_p` 0 and `repeat_penalty` 1 are off. `seed` None draws a fresh one."""

    temperature: float = 0.7
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    repeat_last_n: int = 64
    seed: int | None = None


class ReasoningRule(msgspec.Struct, frozen=True):
    """How to tell reasoning from the answer while it streams.

    `inside`: generation starts within reasoning. After `budget` reasoning tokens the
    engine writes `close` itself (None: no limit).
    """

    open: str
    close: str
    inside: bool = False
    budget: int | None = None


class Request(msgspec.Struct, frozen=True):
    """One generation from prompt ids. `max_tokens` 0: until the window is full.
    `stop`: strings that end the answer and are not part of it. `visible`: markers whose
    control tokens are part of the text, which leaves others out. `constraints`: what holds
    the calls in it to their shape (`tools.grammar`). `beside`: what answers it, instead of the
    adapter in force."""

    ids: tuple[int, ...]
    sampling: Sampling = Sampling()
    max_tokens: int = 0
    stop: tuple[str, ...] = ()
    visible: tuple[str, ...] = ()
    reasoning: ReasoningRule | None = None
    constraints: tuple[Constraint, ...] = ()
    beside: Beside | None = None


class TokenProbability(msgspec.Struct, frozen=True):
    """A token in its place: its text, its probability, the `top` alternatives there."""

    id: int
    text: str
    probability: float
    top: tuple[tuple[str, float], ...] = ()


class Job(msgspec.Struct, frozen=True):
    """`n` samples of one request, whose prompt is read once.

    Sample number i has the request's seed plus i; without a seed one is drawn for the job.
    `logprobs`: tell how likely each token was.
    """

    request: Request
    n: int = 1
    logprobs: bool = False


class Sampled(msgspec.Struct, frozen=True):
    """One finished sample: number `sample` of job number `job`, both from 0.

    `seed` repeats it. `logprobs` has, where asked for, the natural logarithm of the probability
    of each of the completion's ids, before temperature and the like.
    """

    job: int
    sample: int
    seed: int
    text: str
    reasoning: str
    completion: Completion
    logprobs: tuple[float, ...] = ()


class Scoring(msgspec.Struct, frozen=True):
    """Continuations of one prompt whose likelihood is asked for."""

    prompt: tuple[int, ...]
    continuations: tuple[tuple[int, ...], ...]


Scores = tuple[tuple[float, ...], ...]
"""For each continuation the natural logarithm of each of its tokens' probability."""


class Side(Protocol):
    """What can be asked of a loaded model, whichever adapter answers."""

    def render(self, messages: Sequence[Message], options: RenderOptions) -> Rendered:
        """The prompt for a conversation, by the model's own chat template."""
        ...

    def tokenize(self, text: str) -> tuple[int, ...]:
        """Ids of raw text, as a completion prompt: BOS where the model wants one, text
        that looks like a control token stays text."""
        ...

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The text of each id, control tokens included, a character of several tokens with the
        last of them; bytes that are not UTF-8 become U+FFFD."""
        ...

    def generate(self, request: Request) -> Generator[Event, None, None]:
        """Events of one generation, the last one Finished. Closing the iterator cancels."""
        ...

    def probabilities(self, ids: Sequence[int], start: int) -> tuple[TokenProbability, ...]:
        """For each position from `start` on: how probable that token was given those before."""
        ...


class Engine(Side, Protocol):
    """Runs one model. Methods start it when it is stopped.

    All raise EngineCrashed when the process ends under them, ModelError when the model
    cannot be loaded, EngineError for a request that cannot be served.
    """

    @property
    def state(self) -> EngineState:
        """What the engine is doing; never blocks."""
        ...

    def warm(self) -> None:
        """Begin to load, without waiting for it; a failure shows at the next call."""
        ...

    def load(self) -> ModelInfo:
        """Start and load if needed; what is loaded."""
        ...

    def use_adapter(
        self, path: str, sha256: str, *, scale: float = 1.0, base: str = ""
    ) -> ModelInfo:
        """Answer with this adapter (see AdapterFile) from the next request on, after a restart,
        too; "" and "" are the bare model. What is loaded then.

        Raises AdapterError, and what answered before stays in force, for a file that is
        missing, of another content, no adapter, made for another model, or without effect.
        """
        ...

    def use_beside(self, beside: Beside) -> None:
        """Have another adapter ready beside the one in force; `beside.beside` is the way to
        use it. Raises AdapterError, ModelError where memory is short."""
        ...

    def free_beside(self) -> None:
        """Free the memory of the context beside, if there is one."""
        ...

    def probabilities(
        self, ids: Sequence[int], start: int, beside: Beside | None = None
    ) -> tuple[TokenProbability, ...]:
        """As of any side; to the adapter in force, or to one beside."""
        ...

    def cancel(self) -> None:
        """Stop the running generation soon; it still ends with Finished. Thread-safe."""
        ...

    def keep(self) -> None:
        """Save what was read of a long conversation, if that is on and it is idle. For the
        end: in between that is done unasked. Takes a moment, and never fails."""
        ...

    def sample(
        self, jobs: Sequence[Job], stop: threading.Event | None = None
    ) -> Generator[Sampled, None, None]:
        """All samples of all jobs, side by side, in the order in which they end.

        What the chat has in the cache stays there, and other calls get their turn between
        two steps; until a generation has ended, sampling waits. Closing the iterator ends it,
        and so does `stop`, which another thread may set, without waiting for the next sample.
        """
        ...

    def score(self, questions: Sequence[Scoring]) -> tuple[Scores, ...]:
        """How likely the continuations of each prompt are, shared beginnings read once."""
        ...

    def unload(self) -> None:
        """Free the model's memory; the next call loads it again."""
        ...

    def close(self) -> None:
        """End for good."""
        ...
