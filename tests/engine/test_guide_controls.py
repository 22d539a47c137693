"""Calls whose markers are control tokens: what the grammar takes them for, what is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from localai.conversation import Delta, ToolCall
from localai.engine.base import Request, Sampling
from localai.engine.llama_grammar import Grammar
from localai.tools.grammar.formats import constraints
from localai.tools.parse.calls import Context, collect
from localai.tools.parse.formats import markers
from tests.engine import running
from tests.engine.calling import TOOLS, led_by
from tests.engine.running import GREEDY, Ran, Rig
from tests.tools.parse.reading import events

pytestmark = pytest.mark.model

MISTRAL = constraints("mistral", TOOLS)
OUTSIDE = r"""c ::= [^[] | "["{1,8} ([^[A] | "A" ([^[R] | "R" ([^[G] | "G" ([^[S] | "S" [^\]]))))"""


@pytest.fixture(scope="module")
def rig(tiny_model: Callable[[str], Path]) -> Iterator[Rig]:
    with running.opened(tiny_model("marked"), n_ctx=4096) as rig:
        yield rig


def tokens(rig: Rig, *parts: str) -> list[int]:
    """Those of the parts; a part that is a control token is that one."""
    known = rig.tokenizer.control
    each = ((known[part],) if part in known else rig.ids(part) for part in parts)
    return [id for ids in each for id in ids]


def ran(rig: Rig, lead: Sequence[int], sampling: Sampling = GREEDY, most: int = 0) -> Ran:
    request = Request(
        rig.ids("sea"), sampling, most, visible=markers("mistral"), constraints=MISTRAL
    )
    with led_by(lead):
        return rig.run(request)


def calls(text: str) -> tuple[ToolCall, ...]:
    return collect(events("mistral", [text], Context(TOOLS))).calls


def test_the_markers_of_a_call_are_shown_as_they_come(rig: Rig) -> None:
    lead = tokens(rig, "Hi ", "[TOOL_CALLS]", "clock", "[CALL_ID]", "a1", "[ARGS]", "{}")
    done = ran(rig, lead, most=len(lead))
    assert done.done.ids == tuple(lead)
    texts = [event.text for event in done.events if isinstance(event, Delta)]
    assert "".join(texts) == "Hi [TOOL_CALLS]clock[CALL_ID]a1[ARGS]{}"
    assert "[TOOL_CALLS]" in texts
    assert [(call.name, call.id) for call in calls(done.text)] == [("clock", "a1")]


def test_a_model_that_writes_nonsense_after_the_marker_makes_a_call(rig: Rig) -> None:
    for seed in range(4):
        wild = Sampling(temperature=1.5, top_k=0, top_p=1.0, min_p=0.0, seed=seed)
        done = ran(rig, tokens(rig, "[TOOL_CALLS]"), wild, 1500)
        assert calls(done.text), done.text


def test_a_control_token_is_no_part_of_a_string(rig: Rig) -> None:
    mark = rig.tokenizer.control["[ARGS]"]
    begun = tokens(rig, "[TOOL_CALLS]", "calculator", "[ARGS]", '{"expression": "oops')
    done = ran(rig, [*begun, mark, *rig.ids("!")], most=len(begun) + 1)
    assert done.done.ids[: len(begun)] == tuple(begun)
    assert done.done.ids.count(mark) == 1
    spelled = [*begun, *rig.ids('[ARGS]"}')]
    (call,) = calls(ran(rig, spelled, most=len(spelled)).text)
    assert call.arguments == {"expression": "oops[ARGS]"}


@pytest.mark.parametrize(
    ("grammar", "before", "is_text"),
    [
        (r'root ::= "\"" [^"]{0,9} "\""', '"', True),
        (r'root ::= "\"" [^"]{0,6} "\""', '"', True),  # it fills the string
        (r'root ::= "f" "[ARGS]" "{}"', "f", False),
        (r"root ::= [a-z\[\]A-Z]{1,9}", "f", False),  # not free: few characters fit
        (f'root ::= c{{0,9}} "[ARGS]" "x"\n{OUTSIDE}', "ab", False),  # it ends the text
    ],
)
def test_whether_a_control_token_is_text_or_markup(
    rig: Rig, grammar: str, before: str, is_text: bool
) -> None:
    held = Grammar(rig.llama, grammar + "\n")
    for id in rig.ids(before):
        held.accept(id)
    mark = rig.tokenizer.control["[ARGS]"]
    assert held.fits(mark)
    assert held.takes_as_text(mark) is is_text
    held.accept(mark)  # looking has changed nothing
    held.close()
