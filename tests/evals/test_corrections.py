"""The user's corrections as an evaluation: what is asked, how, and what counts as right."""

from __future__ import annotations

from typing import get_args

import pytest

from localai.conversation import Message, ToolCall, assistant, system, user
from localai.errors import UsageError
from localai.evals.task import Example, Manner, Outcome, Place, Pool
from localai.evals.tasks import find
from localai.lessons import phrasings
from localai.store.rows import Origin
from localai.store.store import Store
from localai.tools import registry
from localai.tools.toolbox import Toolbox
from tests.evals.places import place, prompts
from tests.lessons.made import corrected

TASK = find("corrections")
QUESTION = "What is the name of my cat?"


def minka(store: Store) -> str:
    """One correction; its id."""
    chosen = "Your cat is called Minka."
    return corrected(store, QUESTION, "I do not know.", chosen=chosen, head="Be kind.").id


def asked(there: Place, examples: list[Example], manner: Manner = TASK.manner) -> list[Outcome]:
    assert TASK.ask is not None
    return list(TASK.ask(there, TASK, examples, manner))


def test_each_is_asked_in_ways_that_no_training_has(store: Store) -> None:
    id = minka(store)
    pools = {pool: TASK.examples(place(store), pool) for pool in get_args(Pool)}
    assert not pools["train"]
    texts = {pool: {each.question for each in found} for pool, found in pools.items()}
    assert texts["gate"] | texts["dev"] == set(phrasings.held_out(QUESTION))
    assert not texts["gate"] & texts["dev"]
    assert len(texts["gate"]) >= 3 <= len(texts["dev"])
    assert not (texts["gate"] | texts["dev"]) & set(phrasings.training(QUESTION))
    assert all(each.id.startswith(f"{id}:") for each in (*pools["gate"], *pools["dev"]))
    assert all(each.context == (system("Be kind."),) for each in pools["gate"])


def good(store: Store, question: str, answer: str) -> str:
    """An answer that was called good; its id."""
    tree = store.create_conversation().id
    begun = store.begin_answer(tree, store.add_message(tree, "", user(question)).id, Origin("m"))
    store.finish_answer(begun.id, assistant(answer), None, "done")
    store.mark(begun.id, "good")
    return next(each.id for each in store.examples(state="accepted") if each.source == "good")


def test_the_first_ones_ask_about_everything_and_tell_it_apart(store: Store) -> None:
    kinds = {minka(store): "corrections", good(store, "Which town?", "Lund."): "good answers"}
    first = TASK.examples(place(store), "gate")[:2]
    assert {each.id.partition(":")[0]: each.kind for each in first} == kinds


def test_answers_are_judged_as_the_gate_does_it(store: Store) -> None:
    minka(store)
    there = place(store, ["It is Minka.", "It is Tom.", "Minka"])
    examples = list(TASK.examples(there, "gate"))[:3]
    outcomes = asked(there, examples)
    assert [each.example for each in outcomes] == examples
    assert [each.scores["right"] for each in outcomes] == [1, 0, 1]
    assert outcomes[0].answers[0].text == "It is Minka."
    assert outcomes[0].answers[0].ended
    assert "Be kind." in prompts(there)[0]
    assert examples[0].question in prompts(there)[0]


def test_of_several_samples_the_share_that_is_right_counts(store: Store) -> None:
    minka(store)
    there = place(store, ["It is Minka.", "It is Tom.", "Minka", "Minka"])
    (example, *_) = TASK.examples(there, "gate")
    (outcome,) = asked(there, [example], Manner(samples=4, temperature=1.0))
    assert outcome.scores == {"right": 0.75}
    assert [answer.text for answer in outcome.answers][1] == "It is Tom."


def test_a_call_that_was_missing_is_wanted_but_not_made(store: Store) -> None:
    tree = store.create_conversation().id
    asks = store.add_message(tree, "", user("What is 2*3?")).id
    begun = store.begin_answer(tree, asks, Origin("m", tools=("calculator",)))
    said = store.finish_answer(begun.id, assistant("It is 5."), None, "done").id
    call = ToolCall("call00001", "calculator", {"expression": "2*3"})
    store.prefer(said, store.add_message(tree, asks, Message("assistant", (call,))).id, "tool")
    box = Toolbox([registry.builtin("calculator")])
    there = place(store, ['calculator(expression="2*3")\n', "It is six."], box)
    examples = list(TASK.examples(there, "gate"))[:2]
    assert [each.tool for each in examples] == ["calculator", "calculator"]
    outcomes = asked(there, examples)
    assert [each.scores["right"] for each in outcomes] == [1, 0]
    assert not outcomes[0].answers[0].calls


def test_with_nothing_to_learn_a_sentence_says_so(store: Store) -> None:
    with pytest.raises(UsageError, match="nothing to learn yet"):
        TASK.examples(place(store), "gate")
