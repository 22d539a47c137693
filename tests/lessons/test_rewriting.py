"""For which questions other words are looked for, once, and what becomes of a failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from itertools import count

import pytest

from localai.conversation import assistant, user
from localai.engine.base import Job, Sampled
from localai.engine.scripted import ScriptedEngine
from localai.errors import EngineError
from localai.lessons import material, rewrites, rewriting
from localai.lessons.lesson import accepted, read
from localai.lessons.maker import Maker
from localai.lessons.preview import read_back
from localai.store.store import Store
from localai.store.tuning import Rewrites
from tests.lessons.reworded import always
from tests.store.test_corrections import ask

ASKED = "What is the capital of France?"
KEPT = ("Does anybody know what France's capital is?", "France's capital is what?")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that other words are looked for, which are always the same."""
    return always(monkeypatch, KEPT)


def complete(store: Store, rewrites: int = 2, budget: float = 0.0) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    rewriting.complete(
        store,
        store.examples(state="accepted")[::-1],
        Maker(ScriptedEngine(), rewrites=rewrites),
        lambda done, total: told.append((done, total)),
        budget,
    )
    return told


def test_each_question_is_put_in_other_words_once(store: Store, found: list[str]) -> None:
    said, other = ask(store), ask(store)
    made = store.add_correction(said.id, "Paris.")
    store.add_correction(other.id, "It is Paris.")
    assert complete(store) == [(0, 2)]
    assert store.rewrites(made.chosen) == Rewrites(KEPT)
    assert read(store, store.example(made.id)).rewrites == KEPT
    assert complete(store) == []
    assert len(found) == 2
    store.add_correction(said.id, "Paris, on the Seine.")  # the same question
    assert complete(store) == []


def test_only_of_what_is_to_become_better(store: Store, found: list[str]) -> None:
    store.mark(ask(store).id, "good")
    store.write_example((user(ASKED), assistant("Paris.")), name="cities")
    store.write_example((user("Say hello."), assistant("Hello!")))
    store.write_example((user(ASKED), assistant("Paris."), user("And?"), assistant("Rome.")))
    assert complete(store) == []
    written = store.write_example((user(ASKED), assistant("Paris.")))
    assert complete(store) == [(0, 1)]
    assert store.rewrites(store.example(written).leaf) == Rewrites(KEPT)


def test_nothing_is_looked_for_where_none_are_wanted(store: Store, found: list[str]) -> None:
    store.add_correction(ask(store).id, "Paris.")
    assert complete(store, rewrites=0) == []
    assert found == []


def test_what_fails_is_left_for_the_next_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "AT_ONCE", 1)
    leaves = [store.add_correction(ask(store).id, "Paris.").chosen for _ in range(5)]

    def fails(*_: object) -> list[tuple[str, ...]]:
        raise EngineError("It broke.")

    monkeypatch.setattr(rewrites, "find", fails)
    assert len(complete(store)) == rewriting.FAILURES
    assert [store.rewrites(leaf) for leaf in leaves] == [None] * 5


def test_it_ends_with_its_share_of_the_budget(
    store: Store, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "AT_ONCE", 1)
    for _ in range(5):
        store.add_correction(ask(store).id, "Paris.")
    monkeypatch.setattr(time, "monotonic", count(0.0, 10.0).__next__)
    assert len(complete(store, budget=10.0 / rewriting.SHARE * 2)) == 2
    assert len(found) == 2


def test_they_are_ways_to_ask_as_those_by_templates_are(store: Store, found: list[str]) -> None:
    store.add_correction(ask(store).id, "Paris.")
    complete(store)
    engine = ScriptedEngine()
    without, one, both = (
        read_back(engine, taught).examples
        for most in (0, 1, 2)
        for taught in material.gather(store, accepted(store), Maker(engine, rewrites=most))
    )
    assert both[:-1] == one
    assert one[:-1] == without
    assert [(each.way, each.rewritten) for each in both[-3:]] == [
        (without[-1].way, False),
        *((text, True) for text in KEPT),
    ]
    assert f"user\n{KEPT[0]}<|im_end|>" in one[-1].text
    assert one[-1].learned == "Paris.<|im_end|>"


def test_what_was_dropped_is_not_learned(store: Store, found: list[str]) -> None:
    chosen = store.add_correction(ask(store).id, "Paris.").chosen
    complete(store)
    store.drop_rewrite(chosen, KEPT[0])
    (example,) = accepted(store)
    assert read(store, example).rewrites == KEPT[1:]
    (anew,) = rewriting.anew(store, (example,), Maker(ScriptedEngine(), rewrites=2))
    assert anew.kept == KEPT[1:]


def test_an_engine_that_dies_keeps_nobody_from_learning(store: Store) -> None:
    class Broken(ScriptedEngine):
        def sample(
            self, jobs: Sequence[Job], stop: threading.Event | None = None
        ) -> Generator[Sampled, None, None]:
            raise EngineError("It broke.")

    store.add_correction(ask(store).id, "Paris.")
    maker = Maker(Broken(), rewrites=2)
    rewriting.complete(store, accepted(store), maker, lambda done, total: None)
    (taught,) = material.gather(store, accepted(store), maker)
    assert len(taught.examples) > 1
