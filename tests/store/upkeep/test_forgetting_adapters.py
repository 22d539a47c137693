"""Forgetting retires the adapters that learned it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai.conversation import assistant, user
from localai.store.discovering import Round
from localai.store.store import Store
from tests.faults import store_canaries
from tests.rl.attempts import SUM
from tests.store.upkeep.test_forgetting import talk


def test_the_adapter_before_the_retired_one_answers_again(store: Store, home: Path) -> None:
    old = store.add_adapter(base="b", base_bytes=1, file=str(home / "adapters/o/f"), sha256="s")
    (home / "adapters" / "o").mkdir(parents=True)
    store.activate("b", old.id, "chosen")
    tree, (_, answer) = talk(store, "q", "lyon")
    store.add_correction(answer, "paris")
    word = store_canaries.canaries(1, 0)[0]
    first, second = (store_canaries.learn(store, home, word) for _ in range(2))
    store.roll_back("b")
    later = store.begin_run("m", "b", {"corrections": []}).id
    store.end_run(later, "rejected", verdict={"answers": ["what tuned-3 said"], "right": 1})
    scope = store.scope((tree,))
    assert scope.adapters == (first, second)
    done = store.forget(scope)
    assert store.active_adapter("b") == old
    assert store.roll_back("b") is None
    assert [run.verdict for run in store.runs()] == [{"right": 1}]
    assert {path.name for path in done.removed} == {first.run, second.run}
    assert (home / "adapters" / "o").exists()


def sampled(store: Store, base: str = "b", earlier: tuple[str, ...] = ()) -> str:
    """A run that learned nothing of the user's, with an answer sampled in its first round."""
    run = store.begin_run("m", base, {"corrections": [], "earlier": earlier}).id
    store.put_round(Round(run=run, number=1, samples=1, kept=1), [SUM])
    return run


def test_what_a_retired_adapter_may_have_sampled_is_not_learned_again(
    store: Store, home: Path
) -> None:
    before = sampled(store)
    store.end_run(before, "rejected", verdict={"right": 1})
    tree, (_, answer) = talk(store, "q", "lyon")
    store.add_correction(answer, "paris")
    learned = store_canaries.learn(store, home, store_canaries.canaries(1, 0)[0])
    later, cut_off = sampled(store, earlier=(before, learned.run)), sampled(store)
    store.end_run(later, "rejected", verdict={"right": 1})
    elsewhere = sampled(store, "c")
    store.forget(store.scope((tree,)))
    for run in (later, cut_off):
        assert store.kept(run) == store.attempts(run, 1) == ()
        assert [(each.samples, each.kept) for each in store.rounds(run)] == [(1, 1)]
    assert store.run(later).plan == {"corrections": [], "earlier": [before]}
    assert store.kept(before) == store.kept(elsewhere) == (SUM,)


@pytest.mark.parametrize("how", ["edited", "marked again", "taken back"])
def test_an_adapter_is_found_by_what_it_learned_though_that_has_changed(
    store: Store, how: str
) -> None:
    tree, (_, answer) = talk(store, "q", "paris")
    if how == "edited":
        written = store.write_example((user("Hello"), assistant("Ahoy!")))
        tree = store.example(written).conversation
    else:
        store.mark(answer, "good")
        written = store.examples()[0].id
    run = store.begin_run("m", "b", {"corrections": [written]})
    made = store.promote(run.id, base_bytes=1, file="f", sha256="s", verdict={})
    if how == "edited":
        store.rewrite_example(written, (user("Hello"), assistant("Arr!")))
    else:
        store.unmark(answer)
    if how == "marked again":
        store.mark(answer, "good")
    scope = store.scope((tree,))
    assert (scope.runs, scope.adapters) == ((run.id,), (made,))
