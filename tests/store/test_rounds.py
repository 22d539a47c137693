"""Rounds and what was sampled in them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from localai.errors import StoreError
from localai.store.discovering import Round
from localai.store.store import Store
from tests.rl.attempts import SUM

WRONG = replace(SUM, sample=1, text="6", ids=(1, 2, 3, 8, 2), right=False, outcome="wrong")


@pytest.fixture
def run(store: Store) -> str:
    return store.begin_run("toy", "base", {}).id


def test_a_round_is_kept_with_what_was_sampled(store: Store, run: str) -> None:
    first = Round(run=run, number=1, asked=1, samples=2, pass_1=0.5, kept=1, dropped={"wrong": 1})
    store.put_round(first, [SUM, WRONG])
    assert store.rounds(run) == (first,)
    assert store.attempts(run, 1) == (SUM, WRONG)
    assert store.kept(run) == (SUM,)
    assert store.attempts(run, 2) == ()


def test_what_came_of_a_round_is_recorded_later(store: Store, run: str) -> None:
    first = Round(run=run, number=1, kept=1)
    store.put_round(first, [SUM])
    store.put_round(replace(first, dev=0.5, dev_n=40))
    assert store.rounds(run)[0].dev == 0.5
    assert store.kept(run) == (SUM,)


def test_rounds_are_read_in_order(store: Store, run: str) -> None:
    for number in (2, 10, 1):
        store.put_round(Round(run=run, number=number), [replace(SUM, problem=f"sums-{number}")])
    assert [each.number for each in store.rounds(run)] == [1, 2, 10]
    assert [each.problem for each in store.kept(run)] == ["sums-1", "sums-2", "sums-10"]


def test_what_was_sampled_for_some_problems_is_erased(store: Store, run: str) -> None:
    mine = [replace(SUM, problem=f"own-{name}") for name in ("a", "b", "c")]
    store.put_round(Round(run=run, number=1), [SUM, *mine])
    assert store.drop_problems("own-", ["own-b", "sums-9"]) == 2
    assert store.attempts(run, 1) == (mine[1], SUM)
    assert store.drop_problems("own-", ["own-b"]) == 0
    assert store.drop_problems("own-", ()) == 1
    assert [each.number for each in store.rounds(run)] == [1]


def test_a_round_is_of_a_run(store: Store) -> None:
    with pytest.raises(StoreError):
        store.put_round(Round(run="none", number=1))


def test_an_answer_is_told_by_its_tokens() -> None:
    assert SUM.hash == replace(SUM, text="something else", logprob=-3.0).hash
    assert len({SUM.hash, WRONG.hash, replace(SUM, spans=((2, 5),)).hash}) == 3
