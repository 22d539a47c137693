"""The calculator: Python's arithmetic on its grammar, and nothing else of Python."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from localai.errors import ToolError
from localai.tools.builtin.calculator import calculator
from tests.tools.expressions import EXPRESSIONS, ours, pythons
from tests.tools.hostile import HOSTILE


def said(expression: str) -> str:
    """The value, or the sentence of the refusal."""
    try:
        return str(calculator.function(expression))
    except ToolError as error:
        return str(error)


def test_what_the_model_sees_of_it() -> None:
    assert calculator.name == "calculator"
    assert calculator.effects == set()
    assert calculator.parameters["required"] == ["expression"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EXPRESSIONS)
def test_it_agrees_with_python(expression: str) -> None:
    mine, theirs = ours(expression), pythons(expression)
    assert (mine, type(mine)) == (theirs, type(theirs))


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789+-*/%^().,<>=!x eπ√²×'\"[]{}:;_\\\n\0ſ", max_size=40))  # noqa: RUF001
@example("1" * 5000)
@example("(" * 900 + "1" + ")" * 900)
@example("-" * 999 + "1")
@example("1" + "**1" * 300)
@example("\ud800")
def test_any_text_gets_a_value_or_one_sentence(text: str) -> None:
    answer = said(text)
    assert answer
    assert "\n" not in answer
    assert len(answer) <= 4001


@pytest.mark.parametrize("expression", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_expressions_are_answered_at_once(expression: str) -> None:
    assert said(expression).endswith(".")


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("0.1 + 0.2", "0.3"),
        ("2 / 3", "0.666666666666667"),
        ("6 / 2", "3"),
        ("0 * -1.5", "0"),
        ("1e300 * 1e5", "1e+305"),
        ("2**100", "1267650600228229401496703205376"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("-2 ** 2", "-4"),
        ("0x1F + 0b11 + 1_000", "1034"),
        ("2^10", "1024"),
        ("-5²", "-25"),
        ("(1+2)³", "27"),
        ("3 \u00d7 4 \u00f7 2 \u2212 1", "5"),
        ("3 x 4", "12"),
        ("2π", "The expression cannot be read near character 1."),
        ("π", "3.14159265358979"),
        ("1,234,567 + 1", "1234568"),
        ("(1,000 + 1,000) * 2", "4000"),
        ("1,234.50 * 2", "2469"),
        ("max(100,200)", "200"),
        ("2 + 2 =", "4"),
        ("2 + 2 = ?", "4"),
        ("15% of 80", "12"),
        ("7% of 100 + 1", "8"),
        ("50 - 10 % of (20 + 30)", "45"),
        ("17 % 5", "2"),
        ("9.11 > 9.9", "false"),
        ("0.1 + 0.2 == 0.3", "true"),
        ("1 < 2 <= 2 != 3", "true"),
        ("sqrt(16)", "4"),
        ("log(8, 2)", "3"),
        ("ln(e)", "1"),
        ("round(2.567, 1)", "2.6"),
        ("round(1234, -2)", "1200"),
        ("factorial(6 / 2)", "6"),
        ("comb(1000, 500) // comb(1000, 499)", "1"),
        ("perm(10**20, 2)", str(10**20 * (10**20 - 1))),
        ("comb(10**20, 10**20 - 1)", str(10**20)),
        ("lcm(4, 6, 10)", "60"),
        ("+".join(["1"] * 500), "500"),
        ("(" * 70 + "1" + "+1)" * 70, "71"),
        ("10**3999 - 1", "9" * 3999),
    ],
)
def test_values(expression: str, answer: str) -> None:
    assert said(expression) == answer


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("", "There is nothing to calculate."),
        (" = ", "There is nothing to calculate."),
        ("1 / 0", "Division by zero has no result."),
        ("0 ** -1", "Division by zero has no result."),
        ("(-8) ** 0.5", "A fractional power of a negative number is no real number."),
        ("sqrt(-1)", "A function has no real value for what it was given."),
        ("1e308 * 10", "The result is too large for a decimal number."),
        ("10**400 * 1.5", "The result is too large for a decimal number."),
        ("9**9**9", "The result would have more than 4,000 digits."),
        ("10**4000", "The result would have more than 4,000 digits."),
        ("sqrt", "sqrt needs its arguments in parentheses."),
        ("spam + 1", "There is no constant named spam."),
        ("spam(1)", "There is no function named spam."),
        ("sqrt(1, 2)", "sqrt takes 1 argument, not 2."),
        ("min(1)", "min takes 2 or more arguments, not 1."),
        ("log(1, 2, 3)", "log takes 1 or 2 arguments, not 3."),
        ("factorial(2.5)", "factorial needs whole numbers, not 2.5."),
        ("round(1, 10**9)", "round takes at most 400 decimals."),
        ("$5", "The sign '$' has no meaning in a calculation."),
        ("max(1,000, 5)", "Write the number around 1,000 without commas."),
        ("100 / 15% of 80", 'Put "% of" in parentheses, as in 100 / (15% of 80).'),
        ("1\n2", "Only one expression on one line can be calculated."),
        ("1 + (2", "The expression cannot be read near character 5."),
        ("(1+" * 70 + "1" + ")" * 70, "The expression is nested more than 60 deep."),
    ],
)
def test_refusals(expression: str, sentence: str) -> None:
    assert said(expression) == sentence


@pytest.mark.parametrize("expression", ["1,5 + 2", "1,23,456", "12,3456", "(1,2)", "1,000,00"])
def test_a_comma_that_separates_nothing_is_explained(expression: str) -> None:
    assert said(expression).startswith("A comma separates thousands")


@pytest.mark.parametrize("expression", ["15%", "(15%) * 3", "10% * 5", "max(5%, 1)", "x% of 5"])
def test_a_percent_sign_of_its_own_is_explained(expression: str) -> None:
    assert said(expression).startswith("A percent sign is read as in 15% of 80")
