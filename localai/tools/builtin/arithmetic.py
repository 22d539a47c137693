"""The value of an arithmetic expression: an allow-list over Python's syntax tree.

Numbers, + - * / // % **, signs, parentheses, the functions and constants of `functions`,
and one comparison on the outside. Anything else in the tree is refused, so nothing of
Python is reachable; the size of a whole number is estimated before it is computed
(`sizes`). The arithmetic is Python's own: whole numbers exact, others IEEE doubles, except
that a step too large for a double is refused, where Python would go on with infinity.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable

from localai.errors import ToolError
from localai.tools.builtin import functions, sizes
from localai.tools.builtin.functions import Number

MOST_DEPTH = 60
SIGNIFICANT = 15
_BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: functions.power,
}
_COMPARED: dict[type[ast.cmpop], Callable[[Number, Number], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def value(expression: str) -> Number | bool:
    """What the expression comes to; True or False for a comparison. Raises ToolError."""
    tree = _parsed(expression)
    if not isinstance(tree, ast.Compare):
        return _value(tree, MOST_DEPTH)
    values = [as_shown(_value(part, MOST_DEPTH)) for part in (tree.left, *tree.comparators)]
    steps = zip(tree.ops, values, values[1:], strict=False)
    try:
        return all(_COMPARED[type(step)](left, right) for step, left, right in steps)
    except KeyError:
        raise _unknown() from None


def as_shown(number: Number) -> Number:
    """A decimal number rounded to 15 significant digits: 0.1 + 0.2 is 0.3.

    A double holds 15 digits faithfully; the two beyond show how it is stored in binary.
    """
    return float(f"{number:.{SIGNIFICANT}g}") if isinstance(number, float) else number


def _parsed(expression: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about Python, which this is not
            return ast.parse(expression, mode="eval").body
    except (MemoryError, RecursionError):
        raise _too_deep() from None
    except (SyntaxError, ValueError) as error:
        place = getattr(error, "offset", None) or len(expression)
        raise ToolError(
            f"The expression cannot be read near character {min(place, len(expression))}."
        ) from None


def _value(node: ast.expr, depth: int) -> Number:
    if depth == 0:
        raise _too_deep()
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _checked(number)
        case ast.Name(id=name):
            if name in functions.FUNCTIONS:
                raise ToolError(f"{name} needs its arguments in parentheses.")
            if name not in functions.CONSTANTS:
                raise ToolError(f"There is no constant named {name}.")
            return functions.CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, depth - 1)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand, depth - 1)
        case ast.BinOp():
            return _chain(node, depth - 1)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            if name not in functions.FUNCTIONS:
                raise ToolError(f"There is no function named {name}.")
            numbers = [_value(argument, depth - 1) for argument in arguments]
            return _computed(lambda: functions.call(name, numbers))
    raise _unknown()


def _chain(node: ast.BinOp, depth: int) -> Number:
    """a + b - c ...: a long sum is a deep tree on its left, gone down without recursion."""
    steps: list[ast.BinOp] = []
    first: ast.expr = node
    while isinstance(first, ast.BinOp):
        steps.append(first)
        first = first.left
    result = _value(first, depth)
    for step in reversed(steps):
        result = _binary(step.op, result, _value(step.right, depth))
    return result


def _binary(sign: ast.operator, left: Number, right: Number) -> Number:
    if type(sign) not in _BINARY:
        raise _unknown()
    if isinstance(sign, ast.Mult) and isinstance(left, int) and isinstance(right, int):
        sizes.product(left, right)
    return _computed(lambda: _BINARY[type(sign)](left, right))


def _computed(work: Callable[[], Number]) -> Number:
    """The result, checked; what Python raises becomes a sentence."""
    try:
        return _checked(work())
    except ZeroDivisionError:
        raise ToolError("Division by zero has no result.") from None
    except OverflowError:
        raise ToolError("The result is too large for a decimal number.") from None
    except ValueError:
        raise ToolError("A function has no real value for what it was given.") from None


def _checked(number: Number) -> Number:
    if isinstance(number, int):
        return sizes.exactly(number)
    if not math.isfinite(number):
        raise ToolError("The result is too large for a decimal number.")
    return number


def _unknown() -> ToolError:
    return ToolError(
        "Only numbers, + - * / // % **, parentheses, comparisons and known functions "
        "can be calculated."
    )


def _too_deep() -> ToolError:
    return ToolError(f"The expression is nested more than {MOST_DEPTH} deep.")
