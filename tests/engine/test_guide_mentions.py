"""Markers of calls that prose is about: it stays as the model writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from localai.engine.base import Request
from localai.tools.grammar.formats import constraints
from tests.engine import running
from tests.engine.calling import TOOLS, led_by
from tests.engine.running import GREEDY, TALE, Rig

pytestmark = pytest.mark.model

HERMES = constraints("hermes", {name: TOOLS[name] for name in ("calculator", "clock")})


@pytest.fixture(scope="module")
def starter(starter_model: Path) -> Iterator[Rig]:
    with running.opened(starter_model, n_ctx=1024) as rig:
        yield rig


def led(rig: Rig, text: str, most: int = 60) -> str:
    """The answer of a model that would like to write this text."""
    with led_by(rig.ids(text)):
        return rig.run(Request(rig.ids(TALE), GREEDY, most, constraints=HERMES)).text


@pytest.mark.parametrize(
    "text",
    [
        "The marker is `<tool_call>` and it begins a call.",
        "The marker <tool_call> begins a call, <tool_call>.",
        '"<tool_call>{}" is a call without a name.',
        "A <tool_call>` and a <tool_call>, or none.",
    ],
)
def test_prose_about_a_marker_is_left_as_it_is(starter: Rig, text: str) -> None:
    assert led(starter, text, len(starter.ids(text))) == text


@pytest.mark.parametrize("piece", [">`", ">,", ">)", '>"'])
def test_a_token_that_goes_on_after_a_mention_is_kept(starter: Rig, piece: str) -> None:
    spelled = starter.llama.spelling.spell(piece.encode())
    assert spelled is not None
    lead = (*starter.ids("It is <tool_call"), *spelled, *starter.ids(" and more."))
    with led_by(lead):
        ran = starter.run(Request(starter.ids(TALE), GREEDY, len(lead), constraints=HERMES))
    assert ran.text == f"It is <tool_call{piece} and more."


@pytest.mark.parametrize("before", ["It is <tool_call> now: ", "`<tool_call>` or "])
def test_a_call_after_a_mention_is_held(starter: Rig, before: str) -> None:
    text = led(starter, f"{before}<tool_call>\n!!", 90)
    assert text.startswith(f"{before}<tool_call>\n{{")
    call = text.removeprefix(f"{before}<tool_call>").partition("</tool_call>")[0]
    assert json.loads(call)["name"] in TOOLS


def test_an_answer_may_end_with_a_mention(starter: Rig) -> None:
    assert starter.tokenizer.eos is not None
    with led_by([*starter.ids("It is <tool_call>"), starter.tokenizer.eos]):
        ran = starter.run(Request(starter.ids(TALE), GREEDY, 60, constraints=HERMES))
    assert (ran.text, ran.done.finish_reason) == ("It is <tool_call>", "stop")
