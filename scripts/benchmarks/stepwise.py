"""Direct answers against stepwise ones to the same problems, kind by kind.

Greedy, 100 problems of each kind from the pool that nothing is trained on, answers of at most
160 tokens. The value of a row is the stepwise one, its peer the direct one. `rounds` says how
many tenths of the problems are asked, from 10 on all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from localai.chat.open import open_engine
from localai.config import Settings
from localai.evals import asking, tasks
from localai.evals.styles import STYLES, Kind, Told, by_kind
from localai.evals.task import Example, Manner, Outcome, Place
from localai.store.store import Store
from localai.tools.toolbox import Toolbox
from scripts.benchmarks.rows import Row

MOST = 160
FIRST = (
    "sums", "differences", "products", "stories", "sharing", "comparing", "weekdays", "units",
)  # fmt: skip
"""Kinds that are asked first, so that there is a table of them early."""


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Accuracy and tokens for a right answer, by kind, in both styles."""
    settings, task = Settings(), tasks.find("reasoning")
    with Store.memory() as store:
        entry, engine = open_engine(settings, model, private=True)
        with closing(engine):
            place = Place(engine, entry, settings, store, Toolbox())
            found = task.examples(place, "gate")
            for early in (True, False):
                asked = [each for each in found if (each.kind in FIRST) is early]
                asked = asked[: len(asked) * min(rounds, 10) // 10]
                if asked:
                    yield [row for kind in _kinds(place, asked) for row in _told(kind)]


def _kinds(place: Place, asked: Sequence[Example]) -> tuple[Kind, ...]:
    direct, steps = (_asked(place, asked, Manner(style=s, max_tokens=MOST)) for s in STYLES)
    return by_kind(direct, steps)


def _asked(place: Place, asked: Sequence[Example], manner: Manner) -> list[Outcome]:
    return list(asking.ask(place, tasks.find("reasoning"), asked, manner))


def _told(kind: Kind) -> Iterator[Row]:
    name, n = kind.name or "all of these", kind.apart.n
    errors = f"± {kind.steps.right.error:.3f}, direct ± {kind.direct.right.error:.3f}"
    verdict = f"; {kind.better} better" if kind.better else ""
    right = f"{name}: right ({errors}; p {kind.apart.p:.3f}{verdict})"
    yield Row(right, kind.steps.right.value, "share", kind.direct.right.value, n=n)
    tokens = f"{name}: tokens ({_errors(kind.steps, kind.direct)})"
    yield Row(tokens, kind.steps.tokens.value, "tokens", kind.direct.tokens.value, n=n)
    first, second = kind.direct.per_right, kind.steps.per_right
    if first and second:
        errors = f"± {second.error:.0f}, direct ± {first.error:.0f}"
        name = f"{name}: tokens for a right answer ({errors})"
        yield Row(name, second.value, "tokens", first.value, n=n)


def _errors(steps: Told, direct: Told) -> str:
    return f"± {steps.tokens.error:.1f}, direct ± {direct.tokens.error:.1f}"
