"""Expressions of the calculator's grammar, and what Python itself makes of them.

Small numbers under powers and factorials, so that nearly all have a value; the rest end in
an error on both sides.
"""

from __future__ import annotations

import ast
import math

from hypothesis import strategies as st

from localai.errors import ToolError
from localai.tools.builtin import arithmetic, notation

WHOLE = st.integers(0, 999).map(str)
DECIMAL = st.decimals(0, 1000, places=3).map(str)
FLOATS = st.floats(0, 1e9, allow_nan=False, allow_infinity=False).map(repr)
CONSTANT = st.sampled_from(["pi", "e", "tau"])
ATOM = st.one_of(WHOLE, DECIMAL, FLOATS, CONSTANT)
SMALL = st.integers(0, 12).map(str)
SIGN = st.sampled_from(["+", "-", "*", "/", "//", "%", " + ", " - ", " * ", " / "])
OF_ONE = ("sqrt", "cbrt", "exp", "sin", "cos", "tan", "asin", "atan", "log", "log2", "log10")
OF_TWO = ("min", "max", "hypot", "atan2")
PYTHON = {
    name: getattr(math, name)
    for name in (*OF_ONE, "hypot", "atan2", "floor", "ceil", "trunc", "degrees", "radians")
}
PYTHON |= {name: getattr(math, name) for name in ("factorial", "gcd", "lcm", "comb", "perm")}
PYTHON |= {"abs": abs, "round": round, "min": min, "max": max, "pow": pow}
PYTHON |= {"pi": math.pi, "e": math.e, "tau": math.tau}
NAMES = st.sampled_from([*OF_ONE, "abs", "floor", "ceil", "trunc", "degrees", "radians", "round"])


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions made of expressions."""
    return st.one_of(
        st.tuples(inner, SIGN, inner).map("".join),
        st.tuples(inner, SIGN, inner).map(lambda parts: f"({''.join(parts)})"),
        st.tuples(st.sampled_from("+-"), inner).map("".join),
        st.tuples(inner, SMALL).map(lambda parts: f"({parts[0]})**{parts[1]}"),
        st.tuples(SMALL, SMALL).map(lambda parts: f"{parts[0]}**-{parts[1]}"),
        st.tuples(NAMES, inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(st.sampled_from(OF_TWO), inner, inner).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
        st.tuples(inner, SMALL).map(lambda parts: f"round({parts[0]}, {parts[1]})"),
        st.tuples(st.sampled_from(["gcd", "lcm", "comb", "perm", "pow"]), WHOLE, SMALL).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
        SMALL.map(lambda digits: f"factorial({digits})"),
    )


EXPRESSIONS = st.recursive(ATOM, larger, max_leaves=8)


def pythons(expression: str) -> int | float | None:
    """Python's own value; None when any step of it has none (see `of_node`)."""
    tree = ast.parse(expression, mode="eval")
    steps = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp | ast.Call)]
    values = [of_node(node) for node in (tree.body, *steps)]
    return None if None in values else values[0]


def of_node(node: ast.expr) -> int | float | None:
    """None when Python raises, or it is complex, infinite or above 4,000 digits.

    Python goes on from an infinite step, and 1 / (1e308 * 10) is 0; the calculator does not.
    """
    try:
        code = compile(ast.Expression(node), "expression", "eval")
        result = eval(code, {"__builtins__": {}}, PYTHON)
    except (ArithmeticError, ValueError, TypeError):
        return None
    if isinstance(result, complex) or (isinstance(result, float) and not math.isfinite(result)):
        return None
    assert isinstance(result, int | float)
    return None if isinstance(result, int) and abs(result) >= 10**4000 else result


def ours(expression: str) -> int | float | None:
    """The calculator's value; None when it refuses."""
    try:
        return arithmetic.value(notation.plain(expression))
    except ToolError:
        return None
