"""The cache's bookkeeping: what of a new prompt is there already."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localai.engine.prefix import Line, common

IDS = st.lists(st.integers(0, 2), max_size=12)


def naive_common(a: list[int], b: list[int]) -> int:
    return max(n for n in range(min(len(a), len(b)) + 1) if a[:n] == b[:n])


def line(ids: list[int], key: str = "") -> Line:
    made = Line(3)
    made.cut(0, key)
    made.ids.extend(ids)
    return made


@given(IDS, IDS)
def test_common_is_the_longest_shared_beginning(a: list[int], b: list[int]) -> None:
    assert common(a, b) == common(b, a) == naive_common(a, b)


@given(IDS, IDS, st.integers(0, 12))
def test_what_can_be_cut_back_is_used_as_far_as_it_agrees(
    held: list[int], ids: list[int], most: int
) -> None:
    usable = line(held).usable(ids, "", partial=True, most=most)
    assert usable == min(naive_common(held, ids), most)


@given(IDS, IDS, st.integers(0, 12))
def test_a_state_is_used_whole_or_not_at_all(held: list[int], ids: list[int], most: int) -> None:
    usable = line(held).usable(ids, "", partial=False, most=most)
    whole = ids[: len(held)] == held and len(held) <= most
    assert usable == (len(held) if whole else 0)


@given(IDS, IDS, st.booleans())
def test_nothing_is_used_under_another_adapter(
    held: list[int], ids: list[int], partial: bool
) -> None:
    assert line(held, "a1").usable(ids, "b2", partial=partial, most=99) == 0


@given(IDS, IDS, st.booleans(), st.sampled_from(["", "a1"]))
def test_after_a_cut_the_line_is_what_was_kept(
    held: list[int], ids: list[int], partial: bool, key: str
) -> None:
    """As the decode loop does it: cut to what is usable, then read the rest."""
    used = line(held)
    kept = used.usable(ids, key, partial=partial, most=max(0, len(ids) - 1))
    used.cut(kept, key)
    assert used.ids == ids[:kept]
    assert used.key == key
    used.ids.extend(ids[kept:])
    assert used.usable(ids, key, partial=True, most=len(ids)) == len(ids)
