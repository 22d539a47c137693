"""How likely tokens are by the logits before them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from localai.engine.llama import Llama


def log_probabilities(llama: Llama, rows: Sequence[int], tokens: Sequence[int]) -> list[float]:
    """For each row of the last batch the natural logarithm of a token's probability there."""
    found = []
    for row, token in zip(rows, tokens, strict=True):
        logits = llama.logits(row)
        most = logits.max()
        found.append(float(logits[token] - most - np.log(np.exp(logits - most).sum())))
    return found
