"""The calculator at length: many sums against Python's, hostile ones in real processes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from localai.tools import sandbox
from localai.tools.builtin.calculator import calculator
from localai.tools.outcome import MB, Failed, Limits
from tests.tools.expressions import EXPRESSIONS, ours, pythons
from tests.tools.hostile import DEEP, HOSTILE, HUGE, PYTHON

MOST_SECONDS = 1.0
LIMITS = Limits(wall_seconds=30, memory_bytes=200 * MB)  # the interpreter itself is below 56 MB
SLICE = (HUGE[0], HUGE[12], DEEP[0], PYTHON[0])


def refuse(expression: str) -> Failed:
    """Refused by a sentence within 256 MB, the process's start included."""
    outcome = sandbox.run(calculator, {"expression": expression}, LIMITS)
    assert isinstance(outcome, Failed), outcome
    assert outcome.text.endswith(".")
    assert "\n" not in outcome.text
    assert "The tool calculator" not in outcome.text  # neither raised, nor died, nor out of memory
    return outcome


@pytest.mark.parametrize("expression", SLICE, ids=range(len(SLICE)))
def test_some_hostile_expressions_in_a_process(expression: str) -> None:
    refuse(expression)


@pytest.mark.faults
@pytest.mark.parametrize("expression", HOSTILE, ids=range(len(HOSTILE)))
def test_every_hostile_expression_in_a_process(expression: str) -> None:
    assert refuse(expression).seconds <= MOST_SECONDS


@pytest.mark.faults
@settings(
    max_examples=10_000,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(EXPRESSIONS)
def test_10_000_expressions_agree_with_python(expression: str) -> None:
    mine, theirs = ours(expression), pythons(expression)
    assert (mine, type(mine)) == (theirs, type(theirs))
