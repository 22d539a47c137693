"""Examples end to end: none forgotten, none seen by another, padding without effect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.lessons.maker import Example
from localai.tune import forward, packing, sft, weights
from localai.tune.packing import ROUND, Pack, Row
from localai.tune.plan import Options
from tests.tune.tiny_llama import ids

LENGTHS = st.lists(st.integers(2, 90), max_size=12)
SHARES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8])


def example(length: int, seed: int = 0) -> Example:
    """Random tokens whose second half counts, each with a weight of its own."""
    half = length // 2
    random = np.random.default_rng(seed)
    counts = random.uniform(0.5, 2.0, length - half).tolist()
    return Example(tuple(ids(length, seed).tolist()), (*[0.0] * half, *counts))


def rows(lengths: list[int]) -> list[Row]:
    return [packing.row(example(length, seed)) for seed, length in enumerate(lengths)]


def size(rows: list[Row]) -> int:
    return sum(len(row.ids) for row in rows)


@given(LENGTHS, LENGTHS, SHARES, st.integers(40, 200), st.integers(0, 3))
def test_an_epoch(own: list[int], replay: list[int], share: float, tokens: int, seed: int) -> None:
    mine, others = rows(own), rows(replay)
    random = np.random.default_rng(seed)
    steps = list(packing.steps(mine, others, tokens=tokens, share=share, random=random))
    taken = [id(row) for step in steps for row in step if any(row is each for each in mine)]
    assert sorted(taken) == sorted(map(id, mine))
    longest = max(map(len, (row.ids for row in others)), default=0)
    for step in steps:
        learned = [row for row in step if any(row is each for each in mine)]
        again = size(step) - size(learned)
        room = tokens * (1 - share) if others else tokens
        assert size(learned) <= room or len(learned) == 1
        wanted = share * size(learned) / (1 - share) if others else 0
        assert wanted < again + 1
        assert again < wanted + longest or again == 0


def test_replay_goes_round_before_it_repeats() -> None:
    mine, others = rows([20] * 12), rows([21] * 4)
    steps = packing.steps(mine, others, tokens=40, share=0.5, random=np.random.default_rng(1))
    drawn = [id(row) for step in steps for row in step if any(row is each for each in others)]
    assert len(drawn) == 12
    for begin in (0, 4, 8):
        assert len(set(drawn[begin : begin + 4])) == 4


@pytest.mark.parametrize(("new", "drawn"), [(6, 20), (400, 206)])
def test_little_that_is_new_has_all_of_the_replay_beside_it(new: int, drawn: int) -> None:
    options = Options(rank=1, learning_rate=1.0, epochs=2, replay=0.34, tokens=384)
    mine, others = rows([30] * (new // 2)), rows([30] * 20)
    made = [row for step in sft.plan(mine, others, options) for row in step]
    again = [row for row in made if any(row is each for each in others)]
    assert {id(row) for row in again} == set(map(id, others))
    assert drawn <= len(again) <= 1.3 * drawn


@given(LENGTHS.filter(bool))
def test_a_pack_holds_its_rows(lengths: list[int]) -> None:
    each = rows(lengths)
    pack = packing.pack(each)
    assert pack.tokens == size(each)
    assert len(pack.ids) % ROUND == len(pack.places) % ROUND == 0
    assert len(pack.ids) - pack.tokens < ROUND
    for number, row in enumerate(each):
        np.testing.assert_array_equal(pack.ids[pack.segments == number], row.ids)
    assert (pack.segments == -1).sum() == len(pack.ids) - pack.tokens
    assert pack.weights.sum() == pytest.approx(sum(row.weights.sum() for row in each), rel=1e-5)
    counted = pack.weights > 0
    owners = np.repeat(np.arange(len(each)), [len(row.places) for row in each])
    np.testing.assert_array_equal(pack.segments[pack.places[: len(owners)]], owners)
    assert counted[: len(owners)].all()
    np.testing.assert_array_equal(
        pack.targets[: len(owners)], np.concatenate([r.targets for r in each])
    )


def test_a_row_wants_the_next_tokens() -> None:
    row = packing.row(Example((5, 6, 7, 8), (0.0, 0.0, 1.0, 0.5)))
    assert row.ids.tolist() == [5, 6, 7]
    assert row.places.tolist() == [1, 2]
    assert row.targets.tolist() == [7, 8]
    assert row.weights.tolist() == [1.0, 0.5]


def test_what_is_recalled_comes_last_with_its_states() -> None:
    plain, read = rows([9, 13])
    states = np.arange(len(read.places) * 4, dtype=np.float32).reshape(-1, 4) + 1
    read = msgspec.structs.replace(read, recalled=True, states=states)
    pack = packing.pack([plain, read, plain])
    new, n = 2 * len(plain.places), len(pack.targets)
    assert pack.segments[pack.places[:new]].tolist() == [0] * (new // 2) + [1] * (new // 2)
    assert not pack.weights[new:n].any()
    assert (pack.segments[pack.places[n : n + len(states)]] == 2).all()
    np.testing.assert_array_equal(pack.weights[n : n + len(states)], read.weights)
    np.testing.assert_array_equal(pack.states[: len(states)], states)
    assert not pack.states[len(states) :].any()
    assert len(pack.states) == len(pack.places) - n
    assert len(packing.pack([plain]).states) == 0


def test_a_row_may_count_more() -> None:
    said = example(20)
    np.testing.assert_allclose(
        packing.row(said, weight=3.0).weights, 3 * packing.row(said).weights, rtol=1e-6
    )


@pytest.fixture(scope="module")
def model(tiny_llama: Callable[[str], Path]) -> Any:
    return weights.load(tiny_llama("F32"), quantized=False)[0]


def loss(model: Any, row: Any) -> float:
    """Of a pack or a single row, computed without padding or neighbours."""
    if isinstance(row, Pack):
        return float(sft.loss(model, *sft.arrays(row)))
    fields = (
        row.ids,
        np.zeros(len(row.ids), np.int32),
        row.places,
        row.targets,
        row.weights,
        np.zeros(0, np.float32),
    )
    return float(sft.loss(model, *map(mx.array, fields)))


@pytest.mark.parametrize("lengths", [[30], [64, 3], [20, 41, 9, 70, 2]])
def test_the_loss_of_a_pack_is_the_weighted_mean_of_its_rows(
    model: Any, lengths: list[int]
) -> None:
    each = rows(lengths)
    counts = [float(row.weights.sum()) for row in each]
    alone = [loss(model, row) for row in each]
    mean = sum(c * a for c, a in zip(counts, alone, strict=True)) / sum(counts)
    assert loss(model, packing.pack(each)) == pytest.approx(mean, rel=1e-4)


def test_the_loss_is_the_cross_entropy_of_the_next_tokens(model: Any) -> None:
    said = example(24, seed=5)
    read = mx.array(said.ids)
    logits = np.array(forward.logits(model, forward.hidden(model, read, mx.zeros_like(read))))
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    chances = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    surprise = [-chances[at, said.ids[at + 1]] for at in range(23)]
    assert loss(model, packing.pack([packing.row(said)])) == pytest.approx(
        float(np.average(surprise, weights=said.weights[1:])), rel=1e-4
    )


@pytest.mark.parametrize("recalled", [False, True])
def test_padding_changes_nothing(model: Any, recalled: bool) -> None:
    own, other = rows([30, 20])
    if recalled:
        states = np.ones((len(other.places), model.args.hidden_size), np.float32)
        other = msgspec.structs.replace(other, recalled=True, states=states)
    padded = packing.pack([own, other])
    pack = packing.unpadded(padded)
    assert len(pack.ids) == len(pack.segments) == pack.tokens < len(padded.ids)
    assert len(pack.places) == len(own.places) + len(other.places) < len(padded.places)
    names = ("ids", "segments", "places", "targets", "weights", "states")
    read = [mx.array(getattr(padded, name)) for name in names]
    assert loss(model, pack) == pytest.approx(float(sft.loss(model, *read)), rel=1e-5)
