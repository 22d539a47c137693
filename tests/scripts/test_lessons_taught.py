"""What the benchmarks of learning teach and ask: nothing asked is taught, and rules can tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from gguf import GGUFReader

from localai.catalog import soundness
from localai.lessons import phrasings, shipped
from localai.tune import items, replay
from scripts.benchmarks import pretrained, styles, unseen
from scripts.benchmarks.facts import CONTROLS, RELATIONS, facts


def test_no_phrasing_that_is_asked_is_taught() -> None:
    taught = {frame for each in RELATIONS for frame in each.taught}
    asked = [frame for each in RELATIONS for frame in each.asked]
    assert len({*taught, *asked}) == len(RELATIONS) * 5
    frames = [
        frame for each in facts(60) for one in each.taught for frame in phrasings.training(one)
    ]
    assert not {asked for each in facts(60) for asked in each.asked} & set(frames)


def test_facts_are_sixty_and_shuffled_ones_are_all_wrong() -> None:
    right, wrong = facts(60), facts(60, shuffled=True)
    assert len({each.taught for each in right}) == 60
    for fact, other in zip(right, wrong, strict=True):
        assert fact.taught == other.taught
        assert fact.word == other.word
        assert fact.word in fact.told.lower()
        assert fact.word not in other.told.lower()
        assert fact.word not in " ".join((*fact.taught, *fact.asked)).lower()


def test_common_knowledge_is_neither_replayed_nor_asked_by_the_gate() -> None:
    asked = {each.question for each in CONTROLS}
    assert len(asked) == len(CONTROLS)
    used = {item.talk[-1].text for item in items.general("")} | set(replay.prompts())
    assert not asked & used


@pytest.mark.parametrize("style", [styles.PIRATE, styles.BUTLER])
def test_a_style_is_told_by_its_words(style: styles.Style) -> None:
    made = styles.pairs(style, 60)
    assert len(set(made)) == 60
    assert {styles.told_apart(answer) for _, answer in made} == {style.name}
    assert not {asked for asked, _ in made} & set(styles.prompts())


@pytest.mark.parametrize("text", ["", "Use a soft cloth.", *styles.TAUGHT_TOPICS.values()])
def test_plain_advice_is_nobodys(text: str) -> None:
    assert styles.told_apart(text) == ""


def test_unseen_questions_are_in_nothing_that_is_trained_on() -> None:
    asked = {each.text.casefold() for each in unseen.QUESTIONS}
    assert len(asked) == len(unseen.QUESTIONS) >= 60
    talks = shipped.dialogues(shipped.DIALOGUE)
    taught = {each.text.casefold() for talk in talks for each in talk}
    replayed = " ".join(replay.prompts()).casefold()
    assert not asked & taught
    assert not [each for each in asked if each in replayed]


@pytest.mark.parametrize(
    ("text", "ended", "counts"),
    [
        ("It is Paris.", True, True),
        ("", True, False),
        ("It is Paris.", False, False),
        ("What is the capital of France? What is", True, False),
        ("Paris.\nUser: And Spain?", True, False),
        ("\nassistant\nIt is Paris.", True, False),
        ("Paris.<end_of_turn>", True, False),
        ("It is so and so it is. " * 5, True, False),
    ],
)
def test_what_is_an_answer(text: str, ended: bool, counts: bool) -> None:
    assert unseen.answers("What is the capital of France?", text, ended=ended) is counts


@pytest.mark.model
def test_the_stand_in_is_the_starter_without_template_and_taught_markers(
    starter_model: Path, tmp_path: Path
) -> None:
    pretrained.write(starter_model, path := tmp_path / "pretrained.gguf")
    assert soundness.read(starter_model).template
    assert not soundness.read(path).template
    tokens = GGUFReader(path).fields["tokenizer.ggml.tokens"].contents()
    assert {"<start_of_turn>", "<end_of_turn>"} < set(tokens)
    assert not {"<|im_start|>", "<|im_end|>"} & set(tokens)
    assert path.stat().st_size == starter_model.stat().st_size
