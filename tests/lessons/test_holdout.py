"""What is held out of a data set: whole conversations, few of them, the same ones each time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from localai.lessons.holdout import ENOUGH, MOST, SHARE, held_out
from localai.store.tuning import StoredExample


def examples(conversations: list[int], name: str = "pirate") -> list[StoredExample]:
    return [
        StoredExample(
            id=f"E{number}",
            source="written",
            name=name,
            state="accepted",
            reason="",
            leaf="",
            rejected="",
            whole=True,
            created=0.0,
            conversation=f"C{conversation}",
            question="",
            answer="",
        )
        for number, conversation in enumerate(conversations)
    ]


@given(st.lists(st.integers(0, 30), max_size=120))
def test_it_is_a_small_part_of_whole_conversations(conversations: list[int]) -> None:
    given = examples(conversations)
    held = held_out(given)
    assert held == held_out(given[::-1])
    assert len(held) <= SHARE * len(given)
    within = {each.conversation for each in given if each.id in held}
    assert held == {each.id for each in given if each.conversation in within}


def test_a_tenth_of_many_but_no_more_than_tell() -> None:
    assert len(held_out(examples(list(range(60))))) == 6
    assert len(held_out(examples(list(range(5_000))))) == MOST


def test_small_sets_are_needed_whole() -> None:
    assert held_out(examples(list(range(ENOUGH - 1)))) == frozenset()
    assert len(held_out(examples(list(range(ENOUGH))))) == 2
    assert held_out(examples([1] * 50 + [2] * 50)) == frozenset()


def test_the_users_own_are_all_learned() -> None:
    assert held_out(examples(list(range(60)), name="")) == frozenset()


def test_each_set_is_looked_at_by_itself_and_none_beside_the_users_own() -> None:
    few, many = examples(list(range(8)), "mine"), examples(list(range(100, 140)), "dialogue")
    many = [replace(each, id=f"D{each.id}") for each in many]
    held = held_out([*few, *many])
    assert held == held_out(many)
    assert len(held) == 4
    assert held_out([*many, *examples([1], "")]) == frozenset()
