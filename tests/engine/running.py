"""Running a decoder in the test's own process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from llama_cpp import llama_cpp

from localai.context_window import KvType
from localai.conversation import Completion, Delta, Event, Finished
from localai.engine.adapters import Adapters
from localai.engine.base import LoadOptions, Request, Sampling, Scores, Scoring
from localai.engine.decoder import Decoder
from localai.engine.llama import Llama
from localai.engine.scoring_context import ScoringContext

GREEDY = Sampling(temperature=0)
TALE = "the fox and the sea: what is the capital of France? café 日本. " * 2


class Ran(NamedTuple):
    """What a generation gave."""

    text: str
    done: Completion
    events: list[Event]


class Rig:
    """A model, its decoder, and shorthand for both. One thread: others test beside us."""

    def __init__(self, llama: Llama) -> None:
        self.llama, self.decoder, self.adapters = llama, Decoder(llama), Adapters(llama)
        self.tokenizer = llama.tokenizer

    def ids(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer.tokenize(text, special=False))

    def text(self, ids: Sequence[int]) -> str:
        """What tokens spell, those of control left out."""
        seen = (id for id in ids if not self.tokenizer.is_control(id))
        return b"".join(map(self.tokenizer.piece_bytes, seen)).decode("utf-8", "replace")

    def run(self, request: Request, cancelled: Callable[[], bool] = lambda: False) -> Ran:
        events = list(self.decoder.generate(request, cancelled, frozenset()))
        last = events[-1]
        assert isinstance(last, Finished)
        text = "".join(event.text for event in events if isinstance(event, Delta))
        return Ran(text, last.completion, events)

    def go_on(self, ids: Sequence[int], n: int = 12) -> Ran:
        """Greedily, with whatever is in the cache."""
        return self.run(Request(tuple(ids), GREEDY, n))

    def go_on_cold(self, ids: Sequence[int], n: int = 12) -> Ran:
        """Greedily, with nothing in the cache."""
        self.decoder.reset()
        ran = self.go_on(ids, n)
        assert ran.done.cached_tokens == 0
        return ran

    def chooses(self, prompt: Sequence[int], ids: Sequence[int]) -> bool:
        """Whether a cold start would have gone on greedily with `ids`.

        Kernels differ with the size of a batch, so what is best by a hair may differ, too.
        """
        self.decoder.reset()
        rows = list(self.decoder.probabilities((*prompt, *ids), len(prompt)))
        return all(row.probability > 0.9 * row.top[0][1] for row in rows)

    def in_cache(self, sequence: int = 0) -> int:
        """Tokens that llama.cpp itself says are in a sequence."""
        return in_cache(self.llama, sequence)


def in_cache(llama: Llama, sequence: int) -> int:
    """Tokens that llama.cpp itself says are in a sequence of a context."""
    memory = llama_cpp.llama_get_memory(llama.context)
    assert memory
    return int(llama_cpp.llama_memory_seq_pos_max(memory, sequence)) + 1


def after(questions: int) -> Callable[[], bool]:
    """Gives up when it has been asked so many times."""
    left = iter(range(questions))
    return lambda: next(left, None) is None


@contextmanager
def opened(
    path: Path,
    n_ctx: int = 256,
    n_batch: int = 512,
    kv_type: KvType = "f16",
) -> Iterator[Rig]:
    """A rig over a model file, closed at the end."""
    options = LoadOptions(str(path), n_ctx, 0, 1, n_batch, kv_type=kv_type)
    llama = Llama.open(options)
    try:
        yield Rig(llama)
    finally:
        llama.close()


def scores(chat: Llama, questions: Sequence[Scoring]) -> tuple[Scores, ...]:
    """The scores of each question, a step at a time."""
    context, found = ScoringContext(), list[Scores]()
    context.begin(chat, questions)
    while context.left:
        found += context.go_on(0.0)
    return tuple(found)
