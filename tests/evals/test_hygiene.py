"""The manners of general answers: each slip costs its measure, and the answer is not clean."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from localai.engine.base import ModelInfo, Thinking
from localai.engine.scripted import ScriptedEngine
from localai.evals.formats import FORMS
from localai.evals.task import Example, Manner, Outcome, Place, Scores
from localai.evals.tasks import find
from localai.store.store import Store
from tests.evals.places import place

TASK = find("hygiene")
RULES = ("ends", "no_markers", "no_invented_turn", "no_repetition")


def asked(there: Place, *examples: Example, manner: Manner = TASK.manner) -> list[Outcome]:
    assert TASK.ask is not None
    return list(TASK.ask(there, TASK, examples, manner))


def scored(store: Store, said: str, kind: str = "plain", wanted: str = "") -> Scores:
    example = Example(id="a", question="Well?", kind=kind, extra={"wanted": wanted})
    (outcome,) = asked(place(store, [said]), example)
    return outcome.scores


def test_a_good_answer_keeps_every_rule(store: Store) -> None:
    wanted = dict.fromkeys(("clean", "sound", *RULES), 1.0)
    assert scored(store, "It is a house, I think.") == wanted | {"words": 6.0}


@pytest.mark.parametrize(
    ("said", "broken"),
    [
        ("It is so.<|im_end|>", ["no_markers"]),
        ("It is so.\nUser: And then?", ["no_invented_turn"]),
        ("it is as it was and " * 3, ["no_repetition"]),
        ("word " * 600, ["ends", "no_repetition"]),
        ("", []),
    ],
)
def test_a_slip_costs_its_rule(store: Store, said: str, broken: Sequence[str]) -> None:
    found = scored(store, said)
    assert [name for name in RULES if not found[name]] == broken
    assert found["clean"] == 0
    assert found["sound"] == 0


def test_an_answer_that_is_only_cut_is_sound(store: Store) -> None:
    found = scored(store, " ".join(f"word{number}" for number in range(600)))
    assert (found["clean"], found["sound"], found["ends"]) == (0, 1, 0)


class Knowing(ScriptedEngine):
    """Has special tokens that are not shown in a text."""

    def load(self) -> ModelInfo:
        control = ("<file_sep>", "<think>", "</think>")
        return msgspec.structs.replace(super().load(), control=control)

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        return tuple("<file_sep>" if "hidden" in it else it for it in super().pieces(ids))


def test_a_marker_that_is_not_shown_counts(store: Store) -> None:
    example = Example(id="a", question="Well?")
    engine = Knowing(["It is a hidden one.", "It is one."])
    outcomes = asked(place(store, engine), example, msgspec.structs.replace(example, id="b"))
    assert [each.scores["no_markers"] for each in outcomes] == [0, 1]


def test_what_is_around_reasoning_is_no_slip(store: Store) -> None:
    engine = Knowing(
        ["<think>Hm.</think>It is so."], thinking=Thinking("<think>", "</think>", True)
    )
    (outcome,) = asked(place(store, engine), Example(id="a", question="Well?"))
    assert outcome.scores["clean"] == 1
    assert outcome.answers[0].text == "It is so."


def test_the_language_counts_where_it_can_be_told(store: Store) -> None:
    assert scored(store, "Der Wald ist groß.", "language", "German")["language"] == 1
    assert scored(store, "The forest is big.", "language", "German")["language"] == 0
    assert "language" not in scored(store, "Paris.", "language", "French")
    assert "language" not in scored(store, "Der Wald ist groß.")


def test_the_form_counts_where_one_is_asked_for(store: Store) -> None:
    assert scored(store, "Grass.", "word")["form"] == 1
    assert scored(store, "They eat grass.", "word")["form"] == 0
    assert scored(store, "1. a\n2. b", "list", "2")["form"] == 1
    assert "form" not in scored(store, "Grass.")


def test_several_samples_are_averaged(store: Store) -> None:
    there = place(store, ["Grass.", "They eat grass."])
    example = Example(id="a", question="What do cows eat?", kind="word")
    (outcome,) = asked(there, example, manner=Manner(samples=2, temperature=1.0))
    assert outcome.scores["form"] == 0.5
    assert outcome.scores["words"] == 2.0


def test_forms_and_languages_of_the_data_are_known(store: Store) -> None:
    for pool in ("dev", "gate"):
        found = TASK.examples(place(store), pool)
        kinds = {each.kind for each in found}
        assert kinds - {"plain", "language"} <= set(FORMS)
        told = {each.extra["wanted"] for each in found if each.kind == "language"}
        assert told == {"French", "German", "Spanish"}
        numbers = [each for each in found if each.kind in ("list", "commas", "words", "sentences")]
        assert all(int(each.extra["wanted"]) > 0 for each in numbers)


def test_the_median_length_is_told(store: Store) -> None:
    scores: list[Scores] = [{"words": 1.0}, {"words": 300.0}, {"words": 20.0}]
    assert TASK.derived["median_words"](scores) == 20
