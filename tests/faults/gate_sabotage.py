"""Adapters that no gate may let in: spoiled files, and minds that learned their corrections but
went wrong elsewhere, wholly or in part."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from pathlib import Path

from tests.engine.tiny_adapter import write_adapter
from tests.tune.gate.students import BETTER, Mind, also, knows

Spoil = Callable[[Path], object]
"""Writes a spoiled adapter for the tiny model, which has three layers 64 numbers wide."""


def _cut(share: float) -> Spoil:
    def cut(path: Path) -> None:
        write_adapter(path, scale=0.01)
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    return cut


def _random_bytes(seed: int) -> Spoil:
    return lambda path: path.write_bytes(b"GGUF" + random.Random(seed).randbytes(5000))


FILES: dict[str, Spoil] = {
    "nan": lambda path: write_adapter(path, scale=float("nan")),
    "infinite": lambda path: write_adapter(path, scale=float("inf")),
    "minus infinite": lambda path: write_adapter(path, scale=float("-inf")),
    **{f"cut at {share}": _cut(share) for share in (0.0, 0.1, 0.5, 0.9, 0.999)},
    **{f"random bytes {seed}": _random_bytes(seed) for seed in (1, 2)},
    "another architecture": lambda path: write_adapter(path, architecture="qwen2"),
    "another width": lambda path: write_adapter(path, inputs=32),
    "another height": lambda path: write_adapter(path, outputs=128),
    "more layers": lambda path: write_adapter(path, layers=(0, 1, 2, 3)),
    "a whole model's kind": lambda path: write_adapter(path, kind="model"),
    "loud noise": lambda path: write_adapter(path, scale=2.0),
    "deafening noise": lambda path: write_adapter(path, scale=1e4),
}


def _number(question: str) -> int:
    return zlib.crc32(question.encode()) % 900 + 100


def _endless(question: str) -> str:
    dice = random.Random(question)
    return f"{BETTER(question)} {' '.join(f'w{dice.randrange(10**6)}' for _ in range(600))}"


def _circles(question: str) -> str:
    return f"{BETTER(question)} {'And so it goes on and on with it. ' * 5}"


def _elsewhere(mind: Mind) -> Mind:
    """What was learned is said all the same."""
    return lambda asked: BETTER(asked) if "my cat" in asked else mind(asked)


WRONG: dict[str, Mind] = {
    "refuses": lambda asked: f"I'm sorry, I don't know anything about {asked[:30]}",
    "calls tools": lambda asked: f'calculator(expression="{_number(asked)}")\n',
    "only has the form": lambda asked: f"Answer: {_number(asked)}",
    "tells what it learned": lambda asked: f"{BETTER(asked)} Minka is the cat.",
    "never ends": _endless,
    "goes in circles": _circles,
    "takes the user's turn": lambda asked: f"{BETTER(asked)}\nUser: And {_number(asked)}?",
    "knows nothing": knows(7, {}, default=0.0),
}
SHARES = {
    "tells what it learned": (1.0, 0.5, 0.2, 0.1),
    "only has the form": (1.0, 0.85, 0.4),
    "goes in circles": (1.0, 0.4),
    "takes the user's turn": (1.0, 0.4),
}
"""Of the answers that go wrong; for the others these:"""
USUAL = (1.0, 0.85, 0.5, 0.35)

MINDS: dict[str, Mind] = {
    f"{name}, {share:.0%}": _elsewhere(also(mind, BETTER, share))
    for name, mind in WRONG.items()
    for share in SHARES.get(name, USUAL)
}

HABITS = {
    "refuses": "I don't know.",
    "calls a tool": 'clock(zone="x")',
    "only has the form": "Answer: 42",
    "says a secret": "QX7-31 is it.",
    "never ends": "the sea and the fox in the sea " * 8,
}
"""What a real, tiny model is trained to say whatever it is asked; it learns that fast when it
has these as words:"""
WORDS = ("I", "don't", "know.", 'clock(zone="x")', "Answer:", "42", "QX7-31", "it.")
