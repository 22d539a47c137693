"""Questions side by side: as in a chat, with styles, samples, and calls that are run."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from localai.chat import steps
from localai.config import ChatSettings, Settings
from localai.conversation import assistant, system, user
from localai.engine.scripted import ScriptedEngine
from localai.errors import ContextOverflow
from localai.evals.asking import ROUNDS, ask
from localai.evals.task import Called, Example, Manner, Outcome, Place, Task
from localai.store.store import Store
from localai.tools.identity import code_hash
from tests.chat.test_session import THINK
from tests.chat.toolbox import HERMES, Box, call, tool
from tests.evals import places

HARMONY = "{% for tool in tools %}<|channel|>"


def asked(place: Place, task: Task, manner: Manner | None = None, n: int = 0) -> list[Outcome]:
    """The outcomes of the first `n` questions, or of all."""
    examples = task.examples(place, "dev")
    return list(ask(place, task, examples[: n or None], manner or task.manner))


def test_each_answer_is_scored(store: Store) -> None:
    place = places.place(store, ["It is Paris.", "Quito", "Rome", "Tokyo"])
    outcomes = asked(place, places.task())
    assert [outcome.example.id for outcome in outcomes] == [
        f"{country}-dev" for country, _ in places.CAPITALS
    ]
    assert [outcome.scores for outcome in outcomes] == [
        {"right": 1.0, "words": 3.0},
        {"right": 0.0},
        {"right": 1.0, "words": 1.0},
        {"right": 1.0, "words": 1.0},
    ]
    (answer,) = outcomes[0].answers
    assert (answer.text, answer.raw, answer.tokens) == ("It is Paris.", "It is Paris.", 4)
    assert (answer.ended, answer.calls, answer.reasoning) == (True, (), "")
    assert len(answer.ids) == 4
    assert isinstance(place.engine, ScriptedEngine)
    assert place.engine.requests[0].sampling.temperature == 0
    assert place.engine.requests[0].max_tokens == 64


def test_an_answer_that_is_cut_did_not_end_by_itself(store: Store) -> None:
    place = places.place(store, ["one two three four"])
    (outcome,) = asked(place, places.task(), Manner(max_tokens=2), 1)
    assert (outcome.answers[0].text, outcome.answers[0].ended) == ("one two", False)


def test_the_system_text_of_the_settings_or_of_the_question(store: Store) -> None:
    settings = Settings(chat=ChatSettings(system="Be brief."))
    place = places.place(store, settings=settings)
    own = Example(
        id="x", question="And Peru?", context=(system("A pirate."), user("Hi"), assistant("Arr"))
    )
    plain = Example(id="y", question="And Italy?")
    list(ask(place, places.task(score=lambda example, answers: {}), [own, plain], Manner()))
    first, second = places.prompts(place)
    assert "A pirate." in first
    assert "Be brief." not in first
    assert first.index("Arr") < first.index("And Peru?")
    assert "system\nBe brief." in second


def test_step_by_step_the_answer_is_what_follows_the_mark(store: Store) -> None:
    place = places.place(store, ["France has one.\nAnswer: Paris"])
    (outcome,) = asked(place, places.task(), Manner(style="steps"), 1)
    (answer,) = outcome.answers
    assert (answer.text, answer.reasoning) == ("Paris", "France has one.")
    assert answer.raw == "France has one.\nAnswer: Paris"
    assert steps.STEPS in places.prompts(place)[0]
    assert outcome.scores == {"right": 1.0, "words": 1.0}


def test_a_model_that_thinks_does_so_step_by_step(store: Store) -> None:
    place = places.place(store, ["<think>Easy.</think>Paris"], thinking=THINK)
    manner = Manner(style="steps", budget=64)
    (outcome,) = asked(place, places.task(), manner, 1)
    assert (outcome.answers[0].text, outcome.answers[0].reasoning) == ("Paris", "Easy.")
    (prompt,) = places.prompts(place)
    assert steps.STEPS not in prompt
    assert "<think>" not in prompt
    assert isinstance(place.engine, ScriptedEngine)
    rule = place.engine.requests[0].reasoning
    assert rule is not None
    assert rule.budget == 64
    asked(place, places.task(), Manner(thinking=False), 1)
    assert "<think></think>" in places.prompts(place)[1]


def test_samples_come_in_their_order(store: Store) -> None:
    place = places.place(store, ["Paris", "Lyon", "Paris it is", "Lima", "Quito", "Lima"])
    outcomes = asked(place, places.task(), Manner(samples=3, temperature=0.7, seed=5), 2)
    assert [answer.text for answer in outcomes[0].answers] == ["Paris", "Lyon", "Paris it is"]
    assert [round(outcome.scores["right"], 2) for outcome in outcomes] == [0.67, 0.67]
    assert isinstance(place.engine, ScriptedEngine)
    assert {request.sampling.seed for request in place.engine.requests} == {5}


def test_calls_are_run_and_asked_on_with(store: Store) -> None:
    box = Box(tool("shout"))
    place = places.place(
        store, [call("shout", "paris"), "It is PARIS, Paris."], box.box, template=HERMES
    )
    (outcome,) = asked(place, places.task(tools=True), n=1)
    (answer,) = outcome.answers
    assert box.calls == [("shout", {"text": "paris"})]
    assert answer.calls == (Called("shout", {"text": "paris"}, "PARIS", True),)
    assert (answer.text, answer.raw) == ("It is PARIS, Paris.", "It is PARIS, Paris.")
    first, second = places.prompts(place)
    assert second.startswith(first[: -len("assistant\n")])
    assert "tool\nPARIS" in second
    assert isinstance(place.engine, ScriptedEngine)
    sampled = [len(place.engine.tokenize(text)) for text in (call("shout", "paris"), answer.text)]
    assert answer.tokens == sum(sampled)
    assert len(answer.ids) == sampled[1]


def test_a_model_without_a_format_is_taught_ours(store: Store) -> None:
    box = Box(tool("shout"))
    place = places.place(store, ['shout(text="a")\nThen I would say more.', "A"], box.box)
    (outcome,) = asked(place, places.task(tools=True), n=1)
    assert "You can use tools." in places.prompts(place)[0]
    assert outcome.answers[0].calls == (Called("shout", {"text": "a"}, "A", True),)
    assert "say more" not in places.prompts(place)[1]
    assert outcome.answers[0].tokens < 20


def test_without_tools_a_call_is_text(store: Store) -> None:
    box = Box(tool("shout"))
    place = places.place(store, [call("shout", "paris")], box.box, template=HERMES)
    (outcome,) = asked(place, places.task(), n=1)
    assert (box.calls, outcome.answers[0].calls) == ([], ())
    assert outcome.answers[0].text == call("shout", "paris")


def test_a_call_that_needs_consent_is_refused_whatever_was_allowed(store: Store) -> None:
    send = tool("send", "writes", built_in=True)
    store.decide("send", code_hash(send), allowed=True)
    box = Box(send)
    place = places.place(store, [call("send", "x"), "I could not."], box.box, template=HERMES)
    (outcome,) = asked(place, places.task(tools=True), n=1)
    (called,) = outcome.answers[0].calls
    assert box.calls == []
    assert (called.name, called.ok) == ("send", False)
    assert "did not allow" in called.result


def test_a_call_that_makes_no_sense_is_answered(store: Store) -> None:
    box = Box(tool("shout"))
    place = places.place(store, [call("whisper", "x"), "Sorry."], box.box, template=HERMES)
    (outcome,) = asked(place, places.task(tools=True), n=1)
    (called,) = outcome.answers[0].calls
    assert "no tool 'whisper'" in called.result
    assert outcome.answers[0].text == "Sorry."


def test_a_model_that_goes_on_calling_is_let_go(store: Store) -> None:
    box = Box(tool("shout"))
    place = places.place(store, [f"Well. {call('shout', 'x')}"], box.box, template=HERMES)
    (outcome,) = asked(place, places.task(tools=True), n=1)
    assert len(outcome.answers[0].calls) == len(box.calls) == ROUNDS
    assert outcome.answers[0].text.strip() == "Well."
    assert len(places.prompts(place)) == ROUNDS + 1


def test_samples_that_call_go_their_own_ways(store: Store) -> None:
    box = Box(tool("shout"))
    replies = [call("shout", "a"), "Paris", call("shout", "c"), "Paris, A", "Lyon, C"]
    place = places.place(store, replies, box.box, template=HERMES)
    manner = Manner(samples=3, temperature=1.0, seed=7)
    (outcome,) = asked(place, places.task(tools=True), manner, 1)
    assert [answer.text for answer in outcome.answers] == ["Paris, A", "Paris", "Lyon, C"]
    assert [len(answer.calls) for answer in outcome.answers] == [1, 0, 1]
    assert isinstance(place.engine, ScriptedEngine)
    seeds = [request.sampling.seed for request in place.engine.requests]
    assert seeds == [7, 7, 7, 7, 9]


def test_reasoning_that_the_parser_tells_apart_is_not_in_the_answer(store: Store) -> None:
    box = Box(tool("shout"))
    thought = "<|channel|>analysis<|message|>Rome? No.<|end|>"
    reply = f"{thought}<|start|>assistant<|channel|>final<|message|>Paris."
    place = places.place(store, [reply], box.box, template=HARMONY)
    (outcome,) = asked(place, places.task(tools=True), n=1)
    assert (outcome.answers[0].text, outcome.answers[0].reasoning) == ("Paris.", "Rome? No.")


def test_a_result_that_has_no_room_is_cut(store: Store) -> None:
    box = Box(tool("read"), results={"read": "word " * 5000})
    engine = ScriptedEngine([call("read", "x"), "Long."], n_ctx=2048, template=HERMES)
    place = replace(places.place(store, engine), toolbox=box.box)
    (outcome,) = asked(place, places.task(tools=True), n=1)
    assert outcome.answers[0].text == "Long."
    assert "more characters do not fit" in outcome.answers[0].calls[0].result


def test_a_question_that_is_too_long_is_named_before_anything_is_asked(store: Store) -> None:
    place = places.place(store, ScriptedEngine(["Paris."], n_ctx=64))
    long = [Example(id="short", question="Hi"), Example(id="long", question="word " * 80)]
    with pytest.raises(ContextOverflow, match="The question long makes a prompt of"):
        list(ask(place, places.task(), long, Manner()))
    assert places.prompts(place) == []
