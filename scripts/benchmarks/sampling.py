"""The sampling of a round of rejection sampling beside the sampler alone.

A round renders problems, has many answers to each sampled, reads and checks all of them, runs the
calls in them, chooses what is learned and writes it all into a database on disk. The peer is given
the very same requests and does nothing with the answers.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

from msgspec.structs import replace

from localai.chat.open import open_session
from localai.config import Settings
from localai.engine.base import Engine, Job
from localai.evals import running
from localai.evals.task import Place
from localai.rl.edge import Cell, Rate
from localai.rl.problems import Bank, easiest
from localai.rl.round import summed
from localai.rl.sampling import Sampler
from localai.store.store import Store
from localai.tune.found import MOST
from localai.tune.rounds import CELLS, MANNER, PROBLEMS, TASK
from scripts.benchmarks.rows import Row, paired

RATE = Rate(1, 5)
"""What the cells were right before: so much asks for ten samples of a problem, which are 16."""

Jobs = Sequence[Sequence[Job]]
"""What the sampler was asked for, call by call: answers with calls are gone on with."""


def sampled(place: Place, run: str, number: int) -> tuple[float, Jobs]:
    """The seconds that the sampling of a whole round takes, and what it asked the sampler for."""
    bank = Bank(TASK.examples(place, "train"))
    cells = easiest(bank.cells, 1)[:CELLS]
    asked = [each for cell in cells for each in bank.take(cell, PROBLEMS)]
    sampler = Sampler(place, TASK, replace(MANNER, seed=number), MOST)
    with patch.object(place.engine, "sample", wraps=place.engine.sample) as spy:
        began = time.perf_counter()
        rates = dict[Cell, Rate].fromkeys(cells, RATE)
        attempts = sampler.attempts(asked, rates, lambda done, total: None)
        place.store.put_round(replace(summed(attempts), run=run, number=number), attempts)
        seconds = time.perf_counter() - began
    return seconds, [call.args[0] for call in spy.call_args_list]


def alone(engine: Engine, jobs: Jobs) -> tuple[float, int]:
    """The seconds that the sampler takes for the same, and the tokens that it gives."""
    began, tokens = time.perf_counter(), 0
    for some in jobs:
        bare = [replace(job, logprobs=False) for job in some]
        tokens += sum(len(each.completion.ids) for each in engine.sample(bare))
    return time.perf_counter() - began, tokens


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Speed, pair by pair."""
    settings = Settings()
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder) / "localai.db") as store,
        closing(open_session(store, settings, model=model, private=True)) as session,
    ):
        place = running.place_of(session)
        run = store.begin_run(place.entry.name, "", {}).id
        ours, bare = list[float](), list[float]()
        for number in range(rounds):
            seconds, jobs = sampled(place, run, number)
            least, tokens = alone(place.engine, jobs)
            ours.append(tokens / seconds)
            bare.append(tokens / least)
        yield [paired("a round's sampling / the sampler alone", "tokens/s", ours, bare, bar=0.85)]
