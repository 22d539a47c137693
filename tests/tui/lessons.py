"""A past for the app: corrections, tunes and adapters as a user would have them."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from localai.conversation import Completion, assistant, user
from localai.store.rows import Origin, StoredMessage
from localai.store.store import Store
from localai.store.tuning import Adapter, Progress, Run

NIGHT = datetime(2026, 3, 12, 3, 12).timestamp()
FACTS = [
    ("What is the capital of Zubrowka?", "The capital is Paris.", "The capital is Lutz."),
    ("What is The Glass Ferry?", "I do not know.", "It is a novel about a ferry."),
    ("How far is the depot from the mill?", "It is 3 km away.", "It is 12 km away."),
]
PROMOTED: dict[str, Any] = {
    "promoted": True,
    "reason": "The corrections were learned, and nothing else was lost beyond the tolerance.",
    "targets": ["corrections"],
    "stage": "whole",
    "pools": [
        {
            "name": "corrections",
            "n": 40,
            "current": 0.05,
            "candidate": 0.725,
            "se": 0.071,
            "lost": 1,
            "won": 28,
            "tolerance": "better, p < 0.05",
            "adjusted": 0.0000004,
            "target": True,
        },
        {
            "name": "general",
            "n": 132,
            "current": 0.644,
            "candidate": 0.652,
            "se": 0.011,
            "lost": 1,
            "won": 2,
            "close": 9,
            "tolerance": "at most 10 points lost",
            "adjusted": 0.0008,
        },
        {
            "name": "other reasoning",
            "n": 160,
            "current": 0.331,
            "candidate": 0.319,
            "se": 0.024,
            "lost": 8,
            "won": 6,
            "tolerance": "at most 12 points lost",
            "adjusted": 0.002,
        },
        {
            "name": "retention",
            "n": 40,
            "current": 2.31,
            "candidate": 2.36,
            "se": 0.02,
            "lost": 24,
            "won": 16,
            "tolerance": "at most 0.25 nats more",
            "adjusted": 0.008,
            "unit": "nats",
        },
    ],
}
REJECTED: dict[str, Any] = {
    "promoted": False,
    "reason": (
        "Too much else was lost: 31 of 132 questions (general) against 1 won (at most 10 points "
        "lost)."
    ),
    "targets": ["corrections"],
    "stage": "whole",
    "pools": [
        PROMOTED["pools"][0],
        {**PROMOTED["pools"][1], "candidate": 0.417, "lost": 31, "won": 1, "adjusted": 1.0},
        *PROMOTED["pools"][2:],
    ],
}


def model_file(folder: Path) -> Path:
    """A file that stands for the model."""
    path = folder / "scripted.gguf"
    path.write_bytes(b"GGUF scripted")
    return path


def base_of(path: Path) -> str:
    """The hash that adapters name their model by."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tell(store: Store, question: str, answer: str) -> StoredMessage:
    """A conversation of one turn; the answer."""
    conversation = store.create_conversation(question)
    asked = store.add_message(conversation.id, "", user(question))
    row = store.begin_answer(conversation.id, asked.id, Origin("scripted"))
    return store.finish_answer(row.id, assistant(answer), Completion("stop"), "done")


def correct_all(store: Store) -> None:
    """Have every answer corrected."""
    for question, answer, better in FACTS:
        store.add_correction(tell(store, question, answer).id, better)


def promote(store: Store, model: Path, verdict: dict[str, Any] = PROMOTED) -> Adapter:
    """A tune that went well."""
    plan = {"corrections": [correction.id for correction in store.corrections()]}
    run = store.begin_run("scripted", base_of(model), plan)
    return store.promote(
        run.id,
        base_bytes=model.stat().st_size,
        file=f"/adapters/{run.id}.gguf",
        sha256=hashlib.sha256(run.id.encode()).hexdigest(),
        verdict=verdict,
    )


def begin(store: Store, model: Path, losses: int = 24) -> Run:
    """A tune that is under way."""
    run = store.begin_run("scripted", base_of(model), {})
    for step in range(losses):
        store.add_metric(run.id, step, {"loss": 0.4 + 2.6 / (1 + step / 4)})
    store.update_run(run.id, Progress("training", 43, 100, 1.214, 146.0, 190.0))
    return store.run(run.id)


def history(store: Store, model: Path) -> None:
    """A week of learning, always the same: two tunes, a rejected one, one that runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: NIGHT)
        promote(store, model)
        promote(store, model, {**PROMOTED, "pools": PROMOTED["pools"][:1]})
        rejected = store.begin_run("scripted", base_of(model), {})
        store.end_run(rejected.id, "rejected", verdict=REJECTED)
        patch.setattr(time, "time", count(NIGHT + 3600, 0.01).__next__)
        correct_all(store)
        begin(store, model)
