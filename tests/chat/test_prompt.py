"""What a prompt begins with, and how reasoning is told apart in what follows it."""

from __future__ import annotations

import pytest

from localai.catalog import Description
from localai.catalog.description import FileSource
from localai.chat.offer import Offer
from localai.chat.prompt import reasoning_rule, system_text
from localai.config import ChatSettings, Settings
from localai.engine.base import ReasoningRule
from localai.engine.scripted import ScriptedEngine
from localai.render.base import Thinking
from localai.tools.parse import formats


@pytest.mark.parametrize(
    ("own", "of_the_model", "expected"),
    [("", "", ""), ("", "Be right.", "Be right."), ("Be brief.", "Be right.", "Be brief.")],
)
def test_the_users_system_text_goes_before_the_models(
    own: str, of_the_model: str, expected: str
) -> None:
    model = Description(name="m", source=FileSource("m.gguf"), file="m.gguf", system=of_the_model)
    assert system_text(Settings(chat=ChatSettings(system=own)), model) == expected


@pytest.mark.parametrize(
    ("budget", "inside", "expected"),
    [
        (0, False, ReasoningRule("<think>", "</think>", inside=False, budget=None)),
        (9, True, ReasoningRule("<think>", "</think>", inside=True, budget=9)),
    ],
)
def test_a_model_that_reasons_is_told_apart_by_its_markers(
    budget: int, inside: bool, expected: ReasoningRule
) -> None:
    engine = ScriptedEngine(thinking=Thinking("<think>", "</think>", True))
    assert reasoning_rule(engine.load(), None, budget, inside=inside) == expected


def test_a_model_without_reasoning_has_no_rule() -> None:
    assert reasoning_rule(ScriptedEngine().load(), None, 9, inside=False) is None


def test_a_format_of_calls_that_tells_reasoning_apart_does_so_alone() -> None:
    info = ScriptedEngine(thinking=Thinking("<think>", "</think>", True)).load()
    for name in formats.FORMATS:
        rule = reasoning_rule(info, Offer(name, {}), 0, inside=False)
        assert (rule is None) == (name in formats.TELL_REASONING)
