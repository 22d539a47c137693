"""What rounds of rejection sampling would take, told before any is made.

By the last rounds of the same model where there are some, else by a rule of thumb. How many help
is known only once they do not, so that a usual number is told, or what the time allows.
"""

from __future__ import annotations

import itertools
import statistics

import msgspec

from localai.evals.problems.pools import KINDS
from localai.rl.edge import FIRST
from localai.store.discovering import Round
from localai.store.store import Store
from localai.tune.estimate import Pace
from localai.tune.found import MOST
from localai.tune.plan import Options
from localai.tune.rounds import CELLS, LEVELS, LOOKED, PROBLEMS

USUAL = 4
"""Rounds of a run that has time."""
SAMPLES, TOKENS = 11, 40
"""Samples of a problem, and tokens of one, about."""
LEARNED = 70
"""Tokens of an answer that is learned, with its question."""
FASTER = 1.4
"""Tokens are sampled so many times as fast as they are trained on (docs/numbers.md)."""


class RoundsEstimate(msgspec.Struct, frozen=True):
    """So many rounds in so many seconds, with the first look."""

    rounds: int
    seconds: float


def rounds(
    store: Store, model: str, pace: Pace, options: Options, own: float, left: float
) -> RoundsEstimate:
    """What they would take of the `left` seconds; `own` are those that training on everything else
    takes, which is done in each."""
    seen = [each for run in store.runs() if run.model == model for each in store.rounds(run.id)]
    later = [each for each in seen if each.number and each.seconds]
    sampling = _sampling(later) or CELLS * PROBLEMS * SAMPLES * TOKENS / (FASTER * pace.speed)
    look = _sampling([each for each in seen if not each.number])
    look = look or LEVELS * len(KINDS) * LOOKED * FIRST * TOKENS / (FASTER * pace.speed)
    kept = statistics.median(each.kept for each in later) if later else CELLS * PROBLEMS * MOST / 2
    training = kept * LEARNED * options.epochs / (1 - options.replay) / pace.speed
    ends = itertools.accumulate(
        (sampling + own + number * training for number in range(1, USUAL + 1)), initial=look
    )
    fit = [end for end in ends if end <= left] or [look]
    return RoundsEstimate(len(fit) - 1, fit[-1])


def _sampling(found: list[Round]) -> float:
    return statistics.median(each.sampling_seconds for each in found) if found else 0.0
