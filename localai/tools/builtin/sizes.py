"""How large a whole number would become, told before it is computed.

Everything here takes microseconds: only lengths in bits and logarithms are looked at. What
passes is at most about twice as long as it may be, and `exactly` has the last word.
"""

from __future__ import annotations

import math

from localai.errors import ToolError

MAX_DIGITS = 4000
MAX_BITS = math.ceil(MAX_DIGITS * math.log2(10))
_TOO_LARGE = 10**MAX_DIGITS
_FLOAT_BITS = 50  # whole numbers of this length are exact as floats


def power(base: int, exponent: int) -> None:
    """Refuse `base ** exponent` when it would be too long. Raises ToolError."""
    if exponent > 0:
        # A length less one is the logarithm rounded down: nothing that fits is refused.
        _fits((abs(base).bit_length() - 1) * exponent)


def product(left: int, right: int) -> None:
    """Refuse a product that would be too long. Raises ToolError."""
    _fits(left.bit_length() + right.bit_length() - 2)


def arrangements(count: int, taken: int, *, ordered: bool) -> None:
    """Refuse perm(count, taken), or comb when not `ordered`. Raises ToolError.

    By the logarithm of the gamma function (the factorial of n is gamma(n + 1)).
    """
    if not 0 <= taken <= count:
        return  # nothing to compute: 0, or refused for another reason
    taken = taken if ordered else min(taken, count - taken)
    if count.bit_length() > _FLOAT_BITS:
        # perm(n, k) >= (n/2)^k and comb(n, k) >= (n/k)^k while k <= n/2.
        each = count.bit_length() - (2 if ordered else 1 + taken.bit_length())
        _fits(taken * max(1, each))
        return
    nats = math.lgamma(count + 1) - math.lgamma(count - taken + 1)
    _fits(int((nats if ordered else nats - math.lgamma(taken + 1)) / math.log(2)) - 1)


def exactly(value: int) -> int:
    """The value itself when it is not too long. Raises ToolError."""
    _fits(0 if abs(value) < _TOO_LARGE else MAX_BITS + 1)
    return value


def _fits(bits: int) -> None:
    if bits > MAX_BITS:
        raise ToolError(f"The result would have more than {MAX_DIGITS:,} digits.")
