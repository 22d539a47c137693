"""Calls that are held to their grammar: forced ones, begun ones, and what they leave alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from localai.constraint import Constraint
from localai.conversation import Delta, Finished
from localai.engine.base import Job, ReasoningRule, Request, Sampled, Sampling
from localai.engine.sampling_context import SamplingContext
from localai.errors import EngineError
from localai.render.tokens import Renderer
from localai.tools.grammar.formats import CONSTRAINED, constraints
from tests.engine import running
from tests.engine.calling import (
    TOOLS,
    begun,
    first_call,
    forced,
    led_by,
    opened,
    straddling,
)
from tests.engine.running import GREEDY, TALE, Rig

pytestmark = pytest.mark.model

NONE: frozenset[int] = frozenset()
PLAIN = Sampling(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0)
WILD = Sampling(temperature=1.5, top_k=0, top_p=1.0, min_p=0.0)
HERMES = constraints("hermes", {name: TOOLS[name] for name in ("calculator", "clock")})
CALL = '\n{"name": "clock", "arguments": {}}\n</tool_call>'


@pytest.fixture(scope="module")
def starter(starter_model: Path) -> Iterator[Rig]:
    with running.opened(starter_model, n_ctx=1024) as rig:
        yield rig


@pytest.fixture(scope="module")
def tiny(tiny_model: Callable[[str], Path]) -> Iterator[Rig]:
    """A model with random weights, which would never write a call."""
    with running.opened(tiny_model("plain"), n_ctx=8192) as rig:
        yield rig


@pytest.mark.parametrize("format", ["hermes", "inline"])
def test_forced_calls_parse_and_fit(starter: Rig, format: str) -> None:
    renderer = Renderer(starter.llama.template, starter.tokenizer)
    for seed in range(4):
        before, request = forced(renderer, format, seed)
        first_call(format, before, starter.decoder.generate(request, lambda: False, NONE))


@pytest.mark.parametrize("lead", [begun, straddling])
@pytest.mark.parametrize("format", ["hermes", "inline"])
def test_calls_that_the_model_begins_parse_and_fit(
    starter: Rig, format: str, lead: Callable[..., list[int]]
) -> None:
    made = constraints(format, TOOLS)
    for seed in range(3):
        one = made[seed % len(made)]
        request = Request(starter.ids(TALE), Sampling(seed=seed), constraints=made)
        with led_by(lead(starter, one, seed)):
            first_call(format, "", starter.decoder.generate(request, lambda: False, NONE))


@pytest.mark.parametrize("format", sorted(CONSTRAINED))
def test_a_model_that_writes_nonsense_still_makes_calls(tiny: Rig, format: str) -> None:
    made = constraints(format, TOOLS)
    more = [each for each in made if each.where == "next"]
    for seed, one in enumerate([each for each in made if each not in more][:3]):
        sampling = msgspec.structs.replace(WILD, seed=seed)
        request = Request(tiny.ids("sea"), sampling, constraints=(opened(one), *more))
        events = tiny.decoder.generate(request, lambda: False, NONE)
        first_call(format, one.open, events)


def test_an_answer_without_a_call_is_the_same_as_without_constraints(starter: Rig) -> None:
    for sampling in (GREEDY, Sampling(seed=4)):
        request = Request(starter.ids(TALE), sampling, 20)
        starter.decoder.reset()
        plain = starter.run(request).done.ids
        starter.decoder.reset()
        held = msgspec.structs.replace(request, constraints=constraints("inline", TOOLS))
        assert starter.run(held).done.ids == plain


def test_after_a_call_the_model_writes_what_it_likes_and_may_call_again(starter: Rig) -> None:
    pieces = (f"So: <tool_call>{CALL}", "\nThat was <one>. <tool_call>", CALL, "<tool {]")
    lead = tuple(id for piece in pieces for id in starter.ids(piece))
    with led_by(lead):
        request = Request(starter.ids(TALE), GREEDY, len(lead), constraints=HERMES)
        assert starter.run(request).done.ids == lead


def test_an_answer_cannot_end_within_a_call(starter: Rig) -> None:
    opening = starter.ids("<tool_call>{")
    ends = [*starter.tokenizer.eog, *starter.tokenizer.control.values()]
    with led_by([*opening, *ends]):
        request = Request(starter.ids(TALE), GREEDY, 150, constraints=HERMES)
        events = list(starter.decoder.generate(request, lambda: False, NONE))
    first_call("hermes", "", events)
    last = events[-1]
    assert isinstance(last, Finished)
    text = starter.tokenizer
    written = b"".join(map(text.piece_bytes, last.completion.ids)).decode()
    call = written[: written.index("</tool_call>")]
    assert not [each for each in text.control if each in call]


def test_the_next_call_of_a_list_is_held_as_well(starter: Rig) -> None:
    made = constraints("pythonic", {"clock": TOOLS["clock"], "weather": TOOLS["weather"]})
    with led_by(starter.ids("[clock(), hello! Well, that was")):
        ran = starter.run(Request(starter.ids(TALE), GREEDY, 80, constraints=made))
    assert ran.text.startswith(("[clock(), clock(", "[clock(), weather("))
    first_call("pythonic", "", ran.events)


def test_an_answer_may_end_with_its_call(starter: Rig) -> None:
    lead = [*starter.ids("clock()"), starter.tokenizer.eos]
    with led_by([each for each in lead if each is not None]):
        made = constraints("inline", TOOLS)
        ran = starter.run(Request(starter.ids(TALE), GREEDY, constraints=made))
    assert (ran.text, ran.done.finish_reason) == ("clock()", "stop")


def test_a_line_that_would_go_on_after_the_call_does_not(starter: Rig) -> None:
    with led_by(starter.ids("clock() is it")):
        made = constraints("inline", TOOLS)
        ran = starter.run(Request(starter.ids(TALE), GREEDY, 20, constraints=made))
    assert ran.text == "clock()" or ran.text.startswith("clock()\n")


def test_reasoning_about_a_call_is_left_alone(starter: Rig) -> None:
    rule = ReasoningRule("<think>", "</think>", inside=True)
    lead = starter.ids("<tool_call> maybe?\nclock(?)</think>\n\n<tool_call>\n!!")
    with led_by(lead):
        made = (*HERMES, *constraints("inline", TOOLS))
        request = Request(starter.ids(TALE), GREEDY, 150, reasoning=rule, constraints=made)
        events = list(starter.decoder.generate(request, lambda: False, NONE))
    reasoning = "".join(
        event.text for event in events if isinstance(event, Delta) and event.kind == "reasoning"
    )
    assert reasoning == "<tool_call> maybe?\nclock(?)"
    answer = [event for event in events if not isinstance(event, Delta) or event.kind == "text"]
    first_call("hermes", "", answer)


def test_what_is_chosen_has_the_model_s_own_odds(tiny: Rig) -> None:
    prompt, n = tiny.ids("the sea and the fox"), 800
    tiny.decoder.reset()
    tiny.go_on(prompt, 1)
    logits = tiny.llama.logits(-1).astype(float)
    letters = sorted("abcdefghijklmnopqrstuvwxyz", key=lambda c: -logits[tiny.ids(c)[0]])[:5]
    weights = {tiny.ids(c)[0]: math.exp(logits[tiny.ids(c)[0]]) for c in letters}
    one = Constraint("", f"root ::= [{''.join(letters)}]", "start")
    drawn = Counter(
        tiny.run(
            Request(prompt, msgspec.structs.replace(PLAIN, seed=seed), 1, constraints=(one,))
        ).done.ids[0]
        for seed in range(n)
    )
    expected = {id: n * weight / sum(weights.values()) for id, weight in weights.items()}
    assert min(expected.values()) > 5
    assert set(drawn) <= set(expected)
    squares = sum((drawn[id] - mean) ** 2 / mean for id, mean in expected.items())
    assert squares < 18.5  # chi-squared, 4 degrees of freedom: 1 in 1,000


@pytest.mark.parametrize("text", ["", "\n", "rout ::= [a]", "root ::= root [a]", "é"])
def test_a_grammar_that_is_none_is_refused_and_the_engine_goes_on(tiny: Rig, text: str) -> None:
    with pytest.raises(EngineError, match="grammar"):
        tiny.run(Request(tiny.ids("sea"), GREEDY, 5, constraints=(Constraint("", text, "start"),)))
    assert tiny.go_on(tiny.ids("sea"), 5).done.generated_tokens


def test_a_grammar_that_the_vocabulary_cannot_follow_lets_go(starter: Rig) -> None:
    closed = Constraint("", 'root ::= "a" "\\x00"', "start")
    ran = starter.run(Request(starter.ids(TALE), GREEDY, 8, constraints=(closed,)))
    assert ran.text.startswith("a")
    assert ran.done.generated_tokens == 8


def test_a_control_token_that_the_grammar_spells_out_is_taken_whole(starter: Rig) -> None:
    text, id = next(
        (text, id)
        for text, id in starter.tokenizer.control.items()
        if starter.tokenizer.is_control(id)
        and id not in {*starter.tokenizer.eog, starter.tokenizer.bos}
    )
    lead = (*starter.ids("a"), id, *starter.ids("b"))
    for spelled, ids in ((text, lead), ("zz", lead[:1])):
        with led_by(lead):
            one = Constraint("", f'root ::= "a" ("{spelled}" | "zz") "b"')
            ran = starter.run(Request(starter.ids(TALE), GREEDY, 3, constraints=(one,)))
        assert ran.done.ids[: len(ids)] == ids
        assert (id in ran.done.ids) == (spelled == text)


def test_samples_side_by_side_are_held_to_it_as_one_by_one(starter: Rig) -> None:
    renderer = Renderer(starter.llama.template, starter.tokenizer)
    formats = ("hermes", "inline", "granite")
    asked = [forced(renderer, format, seed)[1] for seed, format in enumerate(formats)]
    asked = [msgspec.structs.replace(request, max_tokens=48) for request in asked]
    beside, found = SamplingContext(), list[Sampled]()
    beside.begin(starter.llama, [Job(request, 2) for request in asked], NONE)
    while beside.left:
        found += beside.go_on(0.0)
    assert len(found) == 6
    for each in found:
        request = asked[each.job]
        seeded = msgspec.structs.replace(request.sampling, seed=each.seed)
        starter.decoder.reset()
        alone = starter.run(msgspec.structs.replace(request, sampling=seeded))
        assert each.completion.ids == alone.done.ids
        assert each.text == alone.text
