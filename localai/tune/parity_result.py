"""How far MLX and llama.cpp agree on a trained model. A value; `parity` measures it."""

from __future__ import annotations

import msgspec

MOST_KL = 0.01
LEAST_SAME = 0.95


class Parity(msgspec.Struct, frozen=True):
    """`kl`: mean over positions of KL(MLX, llama.cpp) in nats, `kl_se` its standard error;
    `same`: share of positions with the same likeliest token; `n`: positions."""

    kl: float
    kl_se: float
    same: float
    n: int

    @property
    def passed(self) -> bool:
        """Whether what was trained is what will be served."""
        return self.n > 0 and self.kl < MOST_KL and self.same >= LEAST_SAME
