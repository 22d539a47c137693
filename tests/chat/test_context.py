"""What stays in the prompt: properties that must hold for every conversation."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.chat import context
from localai.conversation import Message, assistant, user
from localai.errors import ContextOverflow

OVERHEAD = 5


def conversation(sizes: list[int]) -> list[Message]:
    """Alternating turns; one letter is one token."""
    return [(user if i % 2 == 0 else assistant)("x" * size) for i, size in enumerate(sizes)]


def counter(messages: list[Message]) -> Callable[[int], int]:
    return lambda first: OVERHEAD + sum(len(m.text) for m in messages[first:])


sizes_of_open_turns = st.lists(st.integers(1, 60), min_size=1, max_size=41).filter(
    lambda sizes: len(sizes) % 2 == 1
)


@given(sizes_of_open_turns, st.integers(70, 400), st.integers(0, 40))
def test_what_is_kept_fits_and_begins_with_a_question(
    sizes: list[int], budget: int, previous: int
) -> None:
    messages = conversation(sizes)
    count = counter(messages)
    first = context.first_kept(messages, count, budget, previous)
    assert count(first) <= budget
    assert messages[first].role == "user"


@given(sizes_of_open_turns, st.integers(70, 400))
def test_nothing_leaves_while_everything_fits(sizes: list[int], budget: int) -> None:
    messages = conversation(sizes)
    count = counter(messages)
    if count(0) <= budget:
        assert context.first_kept(messages, count, budget) == 0


def test_the_beginning_moves_seldom() -> None:
    messages = conversation([10] * 201)
    begins: list[int] = []
    for length in range(1, 202, 2):
        so_far = messages[:length]
        begins.append(context.first_kept(so_far, counter(so_far), 300, begins[-1] if begins else 0))
    assert begins == sorted(begins)
    assert len(set(begins)) <= 201 * 10 / (300 * 0.3), "each move must free room for many turns"


def test_turns_return_when_the_window_has_grown() -> None:
    messages = conversation([10] * 21)
    small = context.first_kept(messages, counter(messages), 100)
    assert small > 0
    assert context.first_kept(messages, counter(messages), 1000, small) == 0


def test_a_question_that_cannot_fit_is_refused_with_the_numbers() -> None:
    messages = conversation([10, 10, 500])
    with pytest.raises(ContextOverflow, match="505 tokens, and 100 fit"):
        context.first_kept(messages, counter(messages), 100)


def test_far_text_is_not_even_counted() -> None:
    messages = conversation([1000] * 9999)
    counted: list[int] = []

    def count(first: int) -> int:
        counted.append(first)
        return counter(messages)(first)

    context.first_kept(messages, count, 2000)
    assert min(counted) > 9900


@pytest.mark.parametrize(
    ("window", "asked", "kept"),
    [(8192, 0, 1024), (2048, 0, 512), (2048, 300, 300), (2048, 5000, 1024), (1, 0, 1)],
)
def test_room_for_the_answer(window: int, asked: int, kept: int) -> None:
    assert context.reserve(window, asked) == kept


def test_unanswered_questions_are_joined_and_empty_answers_left_out() -> None:
    messages = [user("a"), Message("assistant", ()), user("b"), assistant("c")]
    assert context.prompt_messages(messages) == (user("a\n\nb"), assistant("c"))
