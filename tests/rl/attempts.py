"""A sampled answer to try things with."""

from __future__ import annotations

from localai.store.discovering import KEPT, Attempt

SUM = Attempt(
    problem="sums-1",
    sample=0,
    kind="sums",
    level=1,
    question="What is 2 + 3?",
    text="2 and 3 make 5.",
    ids=(1, 2, 3, 7, 2),
    spans=((3, 5),),
    tokens=7,
    logprob=-0.5,
    right=True,
    outcome=KEPT,
)
