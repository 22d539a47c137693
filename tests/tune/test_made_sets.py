"""Data sets that a tune makes before it learns them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from localai.catalog import Catalog
from localai.config import Settings
from localai.conversation import assistant, user
from localai.engine.scripted import ScriptedEngine
from localai.evals import making
from localai.evals.task import Place
from localai.store.store import Store
from localai.store.tuning import Progress
from localai.tune import made_sets
from localai.tune.serving import Serving
from tests.catalog import toy

TALK = (user("Who was Brelo Tand?"), assistant("I don't know."))


@pytest.fixture
def serving(store: Store, tmp_path: Path) -> Serving:
    entry = Catalog().resolve(str(toy.write(tmp_path / "toy.gguf")))
    return Serving(store, Settings(), entry, lambda options: ScriptedEngine())


def test_what_is_missing_is_made_once(
    store: Store, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def make(place: Place, n: int, tell: making.Tell) -> Sequence[making.Made]:
        made.append(n)
        tell(1, 2)
        return [(TALK, "written")]

    monkeypatch.setattr(making, "find", lambda name: make)
    told: list[Progress] = []
    for _ in range(2):
        made_sets.complete(store, serving, ",abstention,pirate", told.append)
    assert made == [making.MOST]
    (example,) = store.examples(name="abstention")
    assert (example.state, example.answer) == ("accepted", "I don't know.")
    assert told[-1] == Progress("making the data set abstention", 1, 2)


def test_nothing_is_made_for_the_users_own(store: Store, serving: Serving) -> None:
    made_sets.complete(store, serving, "", lambda progress: None)
    assert store.examples(name="abstention") == ()
