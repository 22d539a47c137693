"""Which right answers are learned."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from localai.rl.leanest import any_right, leanest
from localai.rl.round import learned
from localai.store.discovering import Attempt
from tests.rl.attempts import SUM

FIRST = SUM
SHORT = replace(FIRST, sample=1, text="5", tokens=1, ids=(1, 2, 4))
LIKELY = replace(FIRST, sample=2, text="Five.", tokens=7, logprob=-0.1, ids=(1, 2, 5))

attempts = st.lists(
    st.builds(
        lambda sample, text, tokens: replace(FIRST, sample=sample, text=text, tokens=tokens),
        st.integers(0, 31),
        st.text(alphabet="ab 5", max_size=12),
        st.integers(1, 30),
    ),
    max_size=12,
    unique_by=lambda each: each.sample,
)


def test_the_fewest_tokens_come_first_and_of_as_many_the_likelier() -> None:
    assert leanest([FIRST, SHORT, LIKELY], 2) == (SHORT, LIKELY)


def test_nearly_the_same_is_learned_once() -> None:
    again = replace(FIRST, sample=3, text="2 and 3 make 5!", tokens=8)
    assert leanest([FIRST, again], 2) == (FIRST,)


def test_none_right_none_learned() -> None:
    assert leanest([], 2) == any_right([], 2) == ()


@given(attempts, st.integers(1, 4))
def test_what_is_chosen_is_lean_apart_and_not_too_much(found: list[Attempt], most: int) -> None:
    chosen = leanest(found, most)
    assert len(chosen) <= most
    assert bool(chosen) == bool(found)
    if found:
        assert chosen[0].tokens == min(each.tokens for each in found)
    assert any_right(found, most) == any_right(found[::-1], most)


@given(attempts)
def test_a_later_round_may_have_a_leaner_answer(found: list[Attempt]) -> None:
    rounds = [*found, SHORT]
    (best,) = learned(rounds, leanest, 1)
    assert best.tokens == min(each.tokens for each in rounds)


def test_every_problem_has_its_own() -> None:
    other = replace(FIRST, problem="sums-2")
    assert set(learned([FIRST, SHORT, other], leanest, 1)) == {SHORT, other}
