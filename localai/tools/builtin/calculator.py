"""The calculator: one expression in, its value as text out."""

from __future__ import annotations

from localai.tools.builtin import arithmetic, notation
from localai.tools.tool import tool


@tool(effects=())
def calculator(expression: str) -> str:
    """Calculate an arithmetic expression exactly, such as 3 * (4 + 5), sqrt(2) or 15% of 80.

    Args:
        expression: numbers, + - * / // % **, parentheses, comparisons, pi, e, and functions
            such as sqrt, round, abs, min, max, log, sin (radians), factorial, gcd.
    """
    return shown(arithmetic.value(notation.plain(expression)))


def shown(value: int | float | bool) -> str:
    """A result as text: whole numbers in full, others with up to 15 significant digits."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = f"{value:.{arithmetic.SIGNIFICANT}g}"
    return "0" if text == "-0" else text
