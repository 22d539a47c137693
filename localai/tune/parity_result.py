"""How far MLX and llama.cpp agree on a trained model. A value; `parity` measures it."""

from __future__ import annotations

import math

import msgspec

MOST_KL = 0.01
LEAST_SAME = 0.95

CERTAIN = 1.645
"""Standard errors by which a bound must be missed to count (one-sided, 95 %): llama.cpp's
rounding alone turns one likeliest token in 25, while a real disagreement turns most."""


class Parity(msgspec.Struct, frozen=True):
    """`kl`: mean over positions of KL(MLX, llama.cpp) in nats, `kl_se` its standard error;
    `same`: share of positions with the same likeliest token; `n`: positions, all of them
    different."""

    kl: float
    kl_se: float
    same: float
    n: int

    @property
    def passed(self) -> bool:
        """Whether what was trained is what will be served: no bound is missed for certain."""
        if self.n == 0:
            return False
        same_se = math.sqrt(LEAST_SAME * (1 - LEAST_SAME) / self.n)
        near = self.kl - CERTAIN * self.kl_se < MOST_KL
        return near and self.same + CERTAIN * same_se >= LEAST_SAME

    @property
    def complaint(self) -> str:
        """What to say when it is not."""
        return (
            "What was trained is not what would be served: MLX and llama.cpp disagree "
            f"(KL {self.kl:.4f}, same token {self.same:.0%})."
        )
