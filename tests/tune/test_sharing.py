"""A beginning that many examples have is read once, and changes nothing of what is learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlx.utils import tree_flatten

from localai.lessons.maker import Example
from localai.tune import backward, packing, sft, weights
from localai.tune.descent import Descent
from localai.tune.packing import Row
from localai.tune.plan import Options
from localai.tune.recall import Recall
from localai.tune.sharing import MEETING, shared
from scripts.tiny_trained import ARCHITECTURES
from tests.tune.tiny_llama import ids

OPTIONS = Options(rank=4, learning_rate=5e-3, warmup=1, epochs=2, tokens=64, replay=0.5)


def row(head: Sequence[int], seed: int, length: int = 12, *, recalled: bool = False) -> Row:
    """An example that begins like that; the second half of what follows counts."""
    own = ids(length, seed).tolist()
    mask = (0.0,) * (len(head) + length // 2) + (1.0,) * (length - length // 2)
    return packing.row(Example((*head, *own), mask), recalled=recalled)


def rows() -> list[Row]:
    """Some of one long beginning, some of another, one that is alone, one recalled."""
    first, second = ids(40, 100).tolist(), ids(25, 101).tolist()
    long = [row(first, seed, 9 + seed) for seed in range(4)]
    return [*long, *[row(second, seed) for seed in range(10, 13)], row((), 20), row(second, 21)]


def test_the_longest_beginning_that_pays_is_found() -> None:
    system, tools = ids(20, 100).tolist(), ids(200, 101).tolist()
    plain = [row((*system, seed), seed) for seed in range(60)]
    offered = [row((*system, *tools, 300 + seed), seed) for seed in range(40)]
    seldom = [row((*system, *tools, 340, *range(8)), seed) for seed in range(2)]
    found = shared([*plain, *offered, *seldom])
    assert {each.head for each in found[:60]} == {20}
    assert {each.head for each in found[60:]} == {220}


def test_what_few_begin_with_is_left() -> None:
    common = ids(30, 5).tolist()
    many = [row((), seed) for seed in range(MEETING * 2)]
    assert not any(each.head for each in shared([*many, row(common, 1), row(common, 2)]))
    assert shared([]) == []


@given(st.lists(st.lists(st.integers(0, 2), min_size=2, max_size=12), max_size=30))
def test_a_head_is_nothing_that_counts(texts: list[list[int]]) -> None:
    own = [packing.row(Example(tuple(t), (0.0,) + (1.0,) * (len(t) - 1))) for t in texts]
    own += [packing.row(Example((*range(9), *t), (0.0,) * (8 + len(t)) + (1.0,))) for t in texts]
    found = shared(own)
    assert all(each.head <= each.places[0] for each in found)
    assert any(each.head for each in found) or not texts
    assert packing.computed(found) <= sum(len(each.ids) for each in own)


def test_a_pack_has_it_once() -> None:
    found = shared(rows())
    pack = packing.unpadded(packing.pack(found))
    assert pack.tokens == len(pack.ids) == packing.computed(found)
    assert pack.tokens == sum(len(each.ids) for each in found) - 3 * 40 - 3 * 25
    for number, each in enumerate(found):
        own = pack.ids[pack.segments == number]
        (after,) = set(pack.after[pack.segments == number].tolist())
        head = pack.ids[pack.segments == after] if after >= 0 else []
        assert [*head, *own] == each.ids.tolist()


def test_a_step_has_room_for_more() -> None:
    head = ids(50, 7).tolist()
    own = [row(head, seed, 10) for seed in range(20)]
    random = np.random.default_rng(0)
    alone = list(packing.steps(own, (), tokens=120, share=0.0, random=random))
    together = list(packing.steps(shared(own), (), tokens=120, share=0.0, random=random))
    assert len(alone) == 10
    assert [len(step) for step in together] == [16, 4]  # three times the head, in rows of 9
    assert sum(map(packing.computed, together)) == 20 * 9 + 2 * 50


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_step_is_the_same(wide: Callable[[str], Path], architecture: str) -> None:
    model, _ = weights.load(wide(architecture))
    sft.add_lora(model, OPTIONS)
    head = ids(25, 101).tolist()
    apart = [*rows(), *(row(head, seed, recalled=True) for seed in (30, 31, 32))]
    list(Descent(model, sft.plan(apart, (), OPTIONS), OPTIONS))  # else b is 0
    value, gradients = step(model, shared(apart))
    expected, wanted = step(model, apart)
    assert value == pytest.approx(expected, rel=1e-5)
    for name, each in wanted.items():
        assert np.abs(each).max() > 0
        np.testing.assert_allclose(gradients[name], each, rtol=1e-3, atol=1e-5)


def test_before_training_nothing_has_to_be_recalled(wide: Callable[[str], Path]) -> None:
    model, _ = weights.load(wide("llama"))
    sft.add_lora(model, OPTIONS)
    head = ids(40, 7).tolist()
    found = shared([row(head, seed, recalled=True) for seed in range(6)])
    assert all(each.head for each in found)
    value, _ = step(model, found)
    assert value == pytest.approx(0, abs=1e-5)


def step(model: Any, rows: Sequence[Row]) -> tuple[float, dict[str, np.ndarray[Any, Any]]]:
    """The loss of a step and its gradients."""
    pack = packing.pack(Recall(model, [rows])(rows))
    value, found = backward.value_and_gradients(model, *sft.arrays(pack))
    mx.eval(value, found)
    return float(value), {name: np.array(each) for name, each in tree_flatten(found)}
