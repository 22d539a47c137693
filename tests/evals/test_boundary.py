"""The boundary of what is known, by scripted answers; and the dialogues that are made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest

import pytest

from localai.conversation import user
from localai.engine.scripted import ScriptedEngine
from localai.evals import boundary
from localai.evals.abstention import abstains
from localai.evals.asking import ask
from localai.evals.knowledge import facts
from localai.evals.making import Made, abstention
from localai.evals.task import Answer, Example, Place
from localai.evals.tasks import find
from localai.store.store import Store
from tests.evals import places

FRANCE = Example(id="it", question="What is the capital of France?", answers=("Paris",))


def place(replies: Sequence[str]) -> Place:
    return places.place(Store.memory(), replies)


@pytest.mark.parametrize(
    ("texts", "side"),
    [
        (["Paris."] * 8, "known"),
        (["Paris."] * 4 + ["Lyon.", "Nice.", "Lille.", "Metz."], "known"),
        (["Paris."] * 3 + ["Lyon."] * 5, "unsure"),
        (["Paris."] * 4 + ["I don't know. Paris is large."] * 4, "known"),
        (["Lyon."] * 5 + ["Paris."] * 3, "unsure"),
        (["Paris."] + ["Lyon."] * 7, "unknown"),
        (["Lyon."] * 8, "unknown"),
        (["I don't know."] * 8, "unknown"),
    ],
)
def test_a_question_is_sorted_by_what_is_said_of_it(texts: list[str], side: str) -> None:
    found = boundary.sort(FRANCE, [Answer(text=text) for text in texts])
    assert found.side == side
    often = Counter(texts).most_common(1)[0][0]
    assert found.right == tuple(at for at, text in enumerate(texts) if text == often == "Paris.")


def test_the_task_asks_each_fact_eight_times() -> None:
    task = find("boundary")
    there = place(["Something quite else."])
    examples = task.examples(there, "dev")[:2]
    outcomes = list(ask(there, task, examples, task.manner))
    assert [len(each.answers) for each in outcomes] == [8, 8]
    assert outcomes[0].scores == {
        "known": 0,
        "unsure": 0,
        "unknown": 1,
        "right": 0,
        "agreement": 1,
    }
    assert isinstance(there.engine, ScriptedEngine)
    assert there.engine.requests[0].sampling.temperature == 0.8


def replies(asked: Sequence[Example]) -> list[str]:
    """What makes the first known, the second unsure, the third unknown, and so on: half of the
    samples of each, then the other half where it is not plain."""
    first, later = list[str](), list[str]()
    for at, example in enumerate(asked):
        often = (4, 3, 0)[at % 3]
        first += [f"That would be {example.answers[0]}."] * often
        first += [f"Nonsense number {number}." for number in range(4 - often)]
        later += [f"Nonsense number {4 + number}." for number in range(4)] * (at % 3 == 1)
    ways = [facts.wordings(each, "train") if at % 3 < 2 else () for at, each in enumerate(asked)]
    told = [
        f"That would be {asked[at].answers[0]}." if at % 3 == 0 else "Nonsense again."
        for turn in zip_longest(*ways)
        for at, way in enumerate(turn)
        if way
    ]
    return first + later + told


def test_dialogues_keep_what_is_known_and_withhold_what_is_not() -> None:
    asked = facts.questions("train")[:12]
    heard = list[tuple[int, int]]()
    there = place(replies(asked))
    made = abstention.make(there, 16, lambda done, total: heard.append((done, total)))
    asked_first = [(at + 1, 12) for at in range(12)] + [(12 + at, 16) for at in range(1, 5)]
    assert heard[:16] == asked_first
    ways_of = [way for at in range(12) if at % 3 < 2 for way in facts.wordings(asked[at], "train")]
    assert heard[16:] == [(at + 1, len(ways_of)) for at in range(len(ways_of))]
    talks = [talk for talk, source in made if source == "written"]
    withheld = [talk for talk in talks if abstains(talk[1].text)]
    assert len(talks) == len(made)
    assert 4 < len(talks) - len(withheld) <= 10  # four facts in several wordings, at most 16 * 0.6
    assert len(withheld) == round((len(talks) - len(withheld)) * 2 / 3)
    ways = {way: each for each in asked[::3] for way in facts.wordings(each, "train")}
    for question, answer in talks:
        if not abstains(answer.text):
            assert answer.text == f"That would be {ways[question.text].answers[0]}."
    assert user(asked[1].question) not in [talk[0] for talk in talks]


def test_the_balance_can_be_chosen_and_the_same_answers_make_the_same_dialogues() -> None:
    asked = facts.questions("train")[:6]

    def make() -> Sequence[Made]:
        return abstention.make(place(replies(asked)), 20, lambda done, total: None, known=0.25)

    made = make()
    assert made == make()
    known = sum(not abstains(talk[-1].text) for talk, _ in made)
    assert known >= 2
    assert len(made) == 4 * known


def test_how_many_mistaken_facts_are_withheld_can_be_chosen() -> None:
    asked = facts.questions("train")[:7]
    there = place(replies(asked))
    made = abstention.make(there, 12, lambda done, total: None, known=0.5, mistaken=0.5)
    questions = {talk[0].text for talk, _ in made}
    assert asked[2].question in questions
    none = abstention.make(place(replies(asked)), 12, lambda done, total: None, 0.5, 0.0)
    assert not {asked[2].question, asked[5].question} & {talk[0].text for talk, _ in none}


def test_what_is_withheld_is_withheld_in_many_words_and_most_often_in_the_same() -> None:
    made = abstention.make(place(["Nonsense."]), 200, lambda done, total: None, known=0.0)
    words = Counter(talk[1].text for talk, _ in made)
    assert len(made) == 200
    assert words.most_common(1)[0][0] == "I don't have enough information about this."
    assert 60 <= words.most_common(1)[0][1] <= 100
    assert len(words) >= 20


@pytest.mark.parametrize(
    ("text", "ended", "kept"),
    [
        ("Paris.", True, "Paris."),
        ("Paris", True, "Paris"),
        ("It is Paris. It lies on the", False, "It is Paris."),
        ("It is a large city. That is Par", False, ""),
        ("It is Paris. It is Paris. It is Paris.", True, ""),
    ],
)
def test_an_answer_that_was_cut_is_kept_to_its_last_whole_sentence(
    text: str, ended: bool, kept: str
) -> None:
    assert abstention.sound(FRANCE, Answer(text=text, ended=ended)) == kept
