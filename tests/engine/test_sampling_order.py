"""Who is decoded when, for any jobs, over a cache that is simulated: no model."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, cast
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from localai.engine import samples
from localai.engine.base import Job, LoadOptions, Request, Sampled
from localai.engine.llama import Llama
from localai.engine.sampling import AHEAD, PORTION, SamplingRun
from tests.engine.bytewise import END, TOKENIZER

ENDS = frozenset({END})
LETTERS = b"abcdef"


class FakeLlama:
    """Sequences of ids. Refuses what llama.cpp would not do well: positions with gaps, copies
    onto something, samples whose sequences are not the first ones in a row."""

    def __init__(self, sequences: int, n_batch: int, *, partial: bool) -> None:
        self.options = LoadOptions("", n_threads=1, n_seq_max=sequences)
        self.n_batch, self.partial, self.tokenizer = n_batch, partial, TOKENIZER
        self.cells: list[list[int]] = [[] for _ in range(sequences)]
        self.asked: list[tuple[int, ...]] = []
        self.prompt_tokens = 0

    def decode(self, rows: Sequence[tuple[int, int, int, bool]], abort: None = None) -> bool:
        assert 0 < len(rows) <= self.n_batch
        self.asked = []
        for id, position, sequence, logits in rows:
            assert position == len(self.cells[sequence])
            self.cells[sequence].append(id)
            self.prompt_tokens += not logits
            if logits:
                assert sequence == len(self.asked)
                self.asked.append(tuple(self.cells[sequence]))
        assert len(self.asked) in (0, len(rows))
        return True

    def copy(self, source: int, target: int) -> None:
        assert not self.cells[target]
        self.cells[target] = list(self.cells[source])

    def forget(self, sequence: int, start: int) -> bool:
        assert self.partial or start == 0
        del self.cells[sequence][start:]
        return True

    def first_position(self, sequence: int) -> int:
        return 0


def after(ids: tuple[int, ...]) -> int:
    """The token that follows; now and then the end."""
    draw = zlib.crc32(bytes(id % 256 for id in ids))
    return END if draw % 7 == 0 else LETTERS[draw % len(LETTERS)]


class FakeChooser:
    def __init__(self, llama: Any, *_: object) -> None:
        self._llama = llama

    def sample(self, row: int) -> int:
        return after(self._llama.asked[row])

    def close(self) -> None: ...


def alone(request: Request, tail: int) -> tuple[int, ...]:
    ids: list[int] = []
    while len(ids) < tail and (token := after((*request.ids, *ids))) != END:
        ids.append(token)
    return tuple(ids)


PROMPTS = st.tuples(st.integers(0, 400), st.lists(st.sampled_from(LETTERS), min_size=1, max_size=4))
JOBS = st.lists(st.tuples(PROMPTS, st.integers(1, 5), st.integers(0, 6)), max_size=9)


def drive(llama: FakeLlama, jobs: Sequence[tuple[Job, int]], ahead: int = AHEAD) -> list[Sampled]:
    with patch.object(samples, "chooser", FakeChooser):
        run = SamplingRun(cast(Llama, llama), jobs, ENDS, len(llama.cells) - ahead)
        found: list[Sampled] = []
        for _ in range(3000):
            if not run.left:
                return found
            found += run.step()
    raise AssertionError("it does not end")


@settings(deadline=None)
@given(
    JOBS, st.integers(1, 6), st.integers(1, AHEAD), st.sampled_from([4, 200, 512]), st.booleans()
)
def test_each_sample_is_what_it_would_be_alone(
    drawn: list[tuple[tuple[int, list[int]], int, int]],
    places: int,
    ahead: int,
    n_batch: int,
    partial: bool,
) -> None:
    asked = [
        (Job(Request((*b"abc" * (shared // 3), *own), max_tokens=tail), n), tail)
        for (shared, own), tail, n in drawn
    ]
    llama = FakeLlama(places + ahead, n_batch, partial=partial)
    found = drive(llama, asked, ahead)
    wanted = [(at, i) for at, (job, _) in enumerate(asked) for i in range(job.n)]
    assert sorted((each.job, each.sample) for each in found) == wanted
    for each in found:
        job, tail = asked[each.job]
        assert each.completion.ids == alone(job.request, tail)
        assert each.completion.finish_reason == (
            "length" if len(each.completion.ids) == tail else "stop"
        )
    assert not any(llama.cells)
    read = sum(len(job.request.ids) - 1 for job, _ in asked if job.n)
    assert llama.prompt_tokens <= read


def test_a_shared_beginning_is_read_once() -> None:
    head = tuple(b"abcdef" * 50)
    jobs = [(Job(Request((*head, letter, letter), max_tokens=3), 4), 3) for letter in LETTERS]
    llama = FakeLlama(64 + AHEAD, 512, partial=True)
    drive(llama, jobs)
    assert llama.prompt_tokens == len(head) + len(jobs)


def test_a_long_prompt_does_not_stop_the_others() -> None:
    """While it is read portion by portion, those that run get a token each time."""
    steps: list[tuple[int, int]] = []

    class Watched(FakeLlama):
        def decode(self, rows: Sequence[tuple[int, int, int, bool]], abort: None = None) -> bool:
            steps.append((sum(not row[3] for row in rows), sum(row[3] for row in rows)))
            return super().decode(rows)

    short = [(Job(Request(tuple(b"ab") * n, max_tokens=40), 1), 40) for n in (1, 3)]
    long = (Job(Request(tuple(b"f" * 900), max_tokens=2), 1), 2)
    drive(Watched(8, 512, partial=True), [*short, long])
    portions = [read for read, _ in steps if read > 9]
    assert max(portions[1:]) < 2 * PORTION
    assert sum(portions) == 899
