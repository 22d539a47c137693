"""What a run trains on, and what both engines read that was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from localai.conversation import assistant, user
from localai.engine.scripted import ScriptedEngine
from localai.errors import UsageError
from localai.lessons import lesson
from localai.lessons.maker import WHOLE, Example, Maker
from localai.store.store import Store
from localai.tune.dataset import PARITY_TEXTS, Dataset, dataset
from localai.tune.plan import Options
from tests.tune.test_job import correct

OPTIONS = Options(rank=4, learning_rate=1e-3, epochs=1, replay=0.5)
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


def test_what_is_to_stay_is_apart_and_tells_nothing_of_when_to_stop(store: Store) -> None:
    new = [((user(f"Who is {at}?"), assistant(f"Nobody is {at}.")), "written") for at in range(30)]
    own = [((user(f"What is {at}?"), assistant(f"It is {at}.")), "kept") for at in range(30)]
    store.replace_set("abstention", [*new, *own])
    accepted = lesson.accepted(store, "abstention")
    found = dataset(store, accepted, Maker(ScriptedEngine()), lambda: REPLAY, "abstention")
    texts = {part: _said(getattr(found, part)) for part in ("own", "kept", "held")}
    assert all("Nobody" in each for each in (*texts["own"], *texts["held"]))
    assert all("It is" in each for each in texts["kept"])
    assert len(texts["own"]) + len(texts["held"]) == 30
    assert 20 < len(texts["kept"]) <= 30
    plan = found.plan("base.gguf", OPTIONS, "v", REPLAY[:1])
    assert plan.kept == found.kept
    assert plan.own == (*found.own, REPLAY[0])


def test_what_is_said_already_gives_nothing_to_become_better_at(store: Store) -> None:
    store.replace_set("facts", [((user("What is 1?"), assistant("It is 1.")), "kept")])
    accepted = lesson.accepted(store, "facts")
    with pytest.raises(UsageError, match="Only good answers"):
        dataset(store, accepted, Maker(ScriptedEngine()), lambda: REPLAY, "facts")


def _said(examples: Sequence[Example]) -> list[str]:
    engine = ScriptedEngine()
    for at in range(30):
        engine.render((user(f"Who is {at}?"), assistant(f"Nobody is {at}.")), WHOLE)
        engine.render((user(f"What is {at}?"), assistant(f"It is {at}.")), WHOLE)
    return ["".join(engine.pieces(each.ids)) for each in examples]
