"""What a run trains on, and what both engines read that was not trained on."""

from __future__ import annotations

import pytest

from localai.engine.scripted import ScriptedEngine
from localai.errors import UsageError
from localai.lessons import lesson
from localai.lessons.maker import Example, Maker
from localai.store.store import Store
from localai.tune.dataset import PARITY_TEXTS, Dataset, dataset
from tests.tune.test_job import correct

REPLAY = tuple(Example((number, number), (0.0, 1.0)) for number in range(40))


def made(store: Store, replay: tuple[Example, ...] = REPLAY) -> Dataset:
    maker = Maker(ScriptedEngine())
    return dataset(store, lesson.accepted(store), maker, lambda: replay)


@pytest.mark.parametrize("corrections", [1, 3, 30])
def test_parity_reads_what_was_not_trained_on(store: Store, corrections: int) -> None:
    for number in range(corrections):
        correct(store, f"What is the number {number} of {number + 50}?", f"It is {number}.")
    found = made(store)
    trained = {*found.own, *found.replay}
    assert len(found.lessons) == corrections
    assert not trained & set(found.parity)
    assert len(found.parity) == len(set(found.parity))
    assert len(found.parity) == PARITY_TEXTS if corrections > 1 else len(found.parity) > 10
    assert len(found.replay) == len(REPLAY) - PARITY_TEXTS // 2


def test_nothing_is_replayed_for_what_cannot_be_learned_from(store: Store) -> None:
    correct(store, "My cat?", "word " * 2000)
    maker = Maker(ScriptedEngine())
    with pytest.raises(UsageError, match="None of it can be learned from"):
        dataset(store, lesson.accepted(store), maker, lambda: pytest.fail("was asked"))


def test_without_replay_all_parity_texts_are_lessons(store: Store) -> None:
    correct(store, "What is the number 7 of 57?", "It is 7.")
    found = made(store, ())
    assert found.replay == ()
    assert len(found.parity) >= 6
