"""A job on its way through the batch: its prompt, then each of its samples.

Tokens and text; which of them are decoded when is decided in `sampling`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from localai.conversation import Delta, Finished, FinishReason
from localai.engine.base import Job, Sampled
from localai.engine.choosing import RANDOM_SEED, chooser, next_token, seed_of
from localai.engine.llama import Llama
from localai.engine.logprobs import log_probabilities
from localai.engine.prefix import Line
from localai.engine.slot import Slot


class Stem:
    """A job's prompt on its way into `line`, all but the last token, which each sample reads
    by itself; `left` are the samples that have not begun, `seed` is that of the first."""

    def __init__(self, number: int, job: Job, tail: int) -> None:
        self.number, self.job, self.tail = number, job, tail
        self.ids = job.request.ids[:-1]
        self.seed = seed_of(job.request.sampling)
        self.left = deque(range(job.n))
        self.line = Line(-1)

    @property
    def unread(self) -> int:
        """Tokens that are not in the cache yet."""
        return len(self.ids) - len(self.line.ids)


class Running:
    """One sample while it runs in a line."""

    def __init__(self, llama: Llama, stem: Stem, line: Line, ends: frozenset[int]) -> None:
        self.job, self.sample = stem.number, stem.left.popleft()
        self.seed = (stem.seed + self.sample) % RANDOM_SEED
        self.wants_logprobs, self.logprobs = stem.job.logprobs, list[float]()
        self.slot = Slot(stem.job.request, line, llama.tokenizer, ends, stem.tail)
        self.slot.cached = len(line.ids)
        self._chooser = chooser(llama, self.slot, self.seed)
        self._llama = llama
        self._text: dict[str, list[str]] = {"text": [], "reasoning": []}

    @property
    def next(self) -> int:
        """The token to decode: the prompt's last one, then what was sampled."""
        return self.slot.last if self.slot.ids else self.slot.request.ids[-1]

    def take(self, row: int) -> None:
        """Choose and take in the token after the one at `row`; `slot.finish` may be set."""
        if not self.slot.ids:
            self.slot.prompt_read()
        token = next_token(self.slot, self._chooser, row)
        if self.wants_logprobs:
            self.logprobs += log_probabilities(self._llama, [row], [token])
        self._keep(self.slot.accept(token))

    def end(self, finish: FinishReason) -> Sampled:
        """What it came to."""
        *rest, last = self.slot.close(finish)
        assert isinstance(last, Finished)
        self._keep([event for event in rest if isinstance(event, Delta)])
        text, reasoning = ("".join(self._text[kind]) for kind in ("text", "reasoning"))
        likely = tuple(self.logprobs[: len(last.completion.ids)])
        seed, done = self.seed, last.completion
        return Sampled(self.job, self.sample, seed, text, reasoning, done, likely)

    def close(self) -> None:
        """Free its sampler."""
        self._chooser.close()

    def _keep(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            self._text[delta.kind].append(delta.text)
