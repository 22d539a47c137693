"""The calculator's functions and constants: how many arguments, of which kind, and what runs.

Angles are in radians. Functions of whole numbers also take 3.0 for 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from localai.errors import ToolError
from localai.tools.builtin import sizes

Number = int | float
MOST_DECIMALS = 400  # more than any float has, and no work to speak of

CONSTANTS: dict[str, float] = {"pi": math.pi, "e": math.e, "tau": math.tau}


@dataclass(frozen=True)
class Function:
    """What a name stands for; `whole` ones take whole numbers only."""

    run: Callable[..., Number]
    least: int = 1
    most: int = 1
    whole: bool = False


def call(name: str, arguments: list[Number]) -> Number:
    """The function's value. Raises ToolError, and what `math` raises."""
    function = FUNCTIONS[name]
    if not function.least <= len(arguments) <= function.most:
        raise ToolError(f"{name} takes {_count(function)}, not {len(arguments)}.")
    if function.whole:
        return function.run(*(_whole(name, value) for value in arguments))
    return function.run(*arguments)


def power(base: Number, exponent: Number) -> Number:
    """`base ** exponent`. Raises ToolError when it is too long or no real number."""
    if isinstance(base, int) and isinstance(exponent, int):
        sizes.power(base, exponent)
    result: Number | complex = base**exponent
    if isinstance(result, complex):
        raise ToolError("A fractional power of a negative number is no real number.")
    return result


def _round(value: Number, decimals: Number | None = None) -> Number:
    if decimals is None:
        return round(value)
    places = _whole("round", decimals)
    if abs(places) > MOST_DECIMALS:
        raise ToolError(f"round takes at most {MOST_DECIMALS} decimals.")
    return round(value, places)


def _factorial(value: int) -> int:
    sizes.arrangements(value, value, ordered=True)
    return math.factorial(value)


def _comb(count: int, taken: int) -> int:
    sizes.arrangements(count, taken, ordered=False)
    return math.comb(count, taken)


def _perm(count: int, taken: int) -> int:
    sizes.arrangements(count, taken, ordered=True)
    return math.perm(count, taken)


def _lcm(*values: int) -> int:
    # One at a time, so that it stops at the first that is too long.
    return reduce(lambda left, right: sizes.exactly(math.lcm(left, right)), values, 1)


def _whole(name: str, value: Number) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, float):
        raise ToolError(f"{name} needs whole numbers, not {value!r}.")
    return value


def _count(function: Function) -> str:
    if function.most > function.least:
        most = "more" if function.most == _MANY else str(function.most)
        return f"{function.least} or {most} arguments"
    return f"{function.least} argument{'s' if function.least > 1 else ''}"


_MANY = 1000
FUNCTIONS: dict[str, Function] = {
    **{
        name: Function(getattr(math, name))
        for name in (
            *("sqrt", "cbrt", "exp", "log2", "log10", "floor", "ceil", "trunc"),
            *("sin", "cos", "tan", "asin", "acos", "atan", "degrees", "radians"),
            *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
        )
    },
    "abs": Function(abs),
    "ln": Function(math.log),
    "log": Function(math.log, most=2),
    "atan2": Function(math.atan2, 2, 2),
    "hypot": Function(math.hypot, 2, _MANY),
    "pow": Function(power, 2, 2),
    "round": Function(_round, most=2),
    "min": Function(min, 2, _MANY),
    "max": Function(max, 2, _MANY),
    "factorial": Function(_factorial, whole=True),
    "isqrt": Function(math.isqrt, whole=True),
    "gcd": Function(math.gcd, 2, _MANY, whole=True),
    "lcm": Function(_lcm, 2, _MANY, whole=True),
    "comb": Function(_comb, 2, 2, whole=True),
    "perm": Function(_perm, 2, 2, whole=True),
}
