"""Arguments that are proposed for a tool, from the words of a question."""

from __future__ import annotations

from typing import Any

import pytest

from localai.chat import proposal
from localai.tools import registry
from localai.tools.place import Module
from localai.tools.tool import Tool


def tool(**properties: dict[str, Any]) -> Tool:
    schema = {
        "type": "object",
        "properties": {**properties, "more": {"type": "string"}},
        "required": list(properties),
        "additionalProperties": False,
    }
    return Tool("x", "Does x.", schema, frozenset(), Module("localai.tools.builtin.x"))


@pytest.mark.parametrize(
    ("question", "expression"),
    [
        ("What is 12 * 12?", "12 * 12"),
        ("How much is (3 + 4) x 5, please?", "(3 + 4) * 5"),
        ("In 2019 I paid 4.50 ÷ 3", "4.50 / 3"),
        ("What is 15% of 80?", "15 / 100 * 80"),
        ("How old am I?", "How old am I?"),
    ],
)
def test_a_calculation_is_found_in_the_question(question: str, expression: str) -> None:
    found = proposal.arguments(registry.builtin("calculator"), question)
    assert found == {"expression": expression}


def test_each_argument_gets_what_fits_its_kind() -> None:
    told = tool(
        unit={"type": "string", "enum": ["metre", "mile"]},
        count={"type": "integer"},
        share={"type": "number"},
        url={"type": "string"},
        start_date={"type": "string"},
        query={"type": "string"},
        loud={"type": "boolean"},
        names={"type": "array"},
    )
    question = "3 times 0.5 mile since 2026-01-31, see https://example.com/x now"
    assert proposal.arguments(told, question) == {
        "unit": "mile",
        "count": 3,
        "share": 0.5,
        "url": "https://example.com/x",
        "start_date": "2026-01-31",
        "query": question,
        "loud": True,
        "names": [],
    }
