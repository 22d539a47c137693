"""Runs as a night leaves them, in the store."""

from __future__ import annotations

from typing import Any

from localai.store.discovering import Round
from localai.store.store import Store
from localai.store.tuning import Progress, Run
from tests.tui.lessons import correct_all

BASE = "b" * 64
HOSTILE = "<script>alert(1)</script> \x1b]52;c;aGk=\x07**bold** | [a](http://x.example)\u202e"


def pool(name: str, n: int, right: int, won: int, lost: int, **more: Any) -> dict[str, Any]:
    """The numbers of a pool as a gate writes them; `right` were right before."""
    told = {"name": name, "n": n, "won": won, "lost": lost, "passed": True, "se": 0.1}
    shares = {"current": right / n, "candidate": (right + won - lost) / n}
    return {**told, **shares, "tolerance": "at most 2 lost on balance", **more}


NATS = pool("retention", 40, 40, 16, 24, current=2.31, candidate=2.36, unit="nats")
"""A pool of numbers that are no shares."""


WORN: dict[str, Any] = {
    "since": [pool("known", 200, 120, 2, 38, passed=False, tolerance="at most 10 points lost")]
}
"""What a verdict tells of all tunes together."""


def asked(name: str, question: str, was: str, now: str, *right: bool) -> dict[str, Any]:
    """A question with both answers, and whether each was right."""
    current, candidate = right
    return {
        "pool": name,
        "question": question,
        "current": {"text": was, "right": current},
        "candidate": {"text": now, "right": candidate},
    }


ANSWERS = [
    asked("general", "What is 2 + 2?", "It is 4.", "It is 5.", True, False),
    asked("corrections", "Which city leads Zubrowka?", "Paris.", "It is Lutz.", False, True),
    asked("general", "Name a colour.", "Red.", "Red, or blue.", True, True),
    asked("general", "Say hello.", "Hello!", "Hello!", True, True),
]
GOOD: dict[str, Any] = {
    "promoted": True,
    "reason": "The corrections were learned.",
    "pools": [pool("corrections", 25, 3, 20, 1), pool("general", 40, 30, 3, 1)],
    "answers": ANSWERS,
    "parity": {"kl": 0.0017, "kl_se": 0.0, "same": 0.98, "n": 400},
    "memory": 1.8e9,
    "device": "cpu",
}
BAD: dict[str, Any] = GOOD | {
    "promoted": False,
    "reason": "Too much else was lost: 6 of 40 questions (general) against 1 won.",
    "pools": [GOOD["pools"][0], pool("general", 40, 30, 1, 6, passed=False)],
}


def begin(store: Store, model: str = "toy", **plan: Any) -> Run:
    """A run that learns what was corrected and three examples of a set."""
    if not store.corrections():
        correct_all(store)
    ids = [each.id for each in store.corrections()]
    return store.begin_run(model, BASE, {"corrections": ids, "data": "", **plan})


def train(store: Store, run: Run) -> None:
    """Its numbers: losses, how long stages took, two rounds."""
    for step in range(1, 21):
        store.add_metric(run.id, step, {"loss": 3.0 / step, "tokens": 100.0})
    store.add_metric(run.id, 10, {"held_out_loss": 0.9})
    store.add_metric(run.id, 20, {"held_out_loss": 1.1})
    spent = {"starting the model": 2.0, "training": 754.0}
    store.update_run(run.id, Progress("asking the new model", spent=spent))
    for number, right in ((1, 0.25), (2, 0.5)):
        store.put_round(
            Round(
                run=run.id,
                number=number,
                asked=60,
                samples=480,
                pass_1=right,
                pass_n=0.8,
                tokens_per_right=2400.0 / number,
                sampling_seconds=60.0,
                kept=50,
                dropped={"wrong": 300, "repeats itself": 4},
                dev=right,
                dev_n=100,
            )
        )


def promoted(store: Store, verdict: dict[str, Any] = GOOD, model: str = "toy") -> Run:
    """A night that went well."""
    run = begin(store, model)
    train(store, run)
    store.promote(run.id, base_bytes=1, file=f"/{run.id}", sha256=run.id, verdict=verdict)
    return store.run(run.id)


def rejected(store: Store, verdict: dict[str, Any] = BAD) -> Run:
    """One whose candidate was refused."""
    run = begin(store)
    return store.end_run(run.id, "rejected", verdict=verdict)
