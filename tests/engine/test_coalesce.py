"""Joining fast deltas changes when text arrives, never what arrives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.conversation import Completion, Delta, DeltaKind, Event, Finished, PromptProgress
from localai.engine.coalesce import coalesce

KINDS: list[DeltaKind] = ["text", "reasoning"]
SOURCE = st.lists(
    st.one_of(
        st.builds(PromptProgress, st.integers(0, 9), st.just(9)),
        st.builds(Delta, st.text(max_size=3), st.sampled_from(KINDS), st.integers(1, 3)),
        st.just(Finished(Completion("stop"))),
    )
)


def flat(events: list[Event]) -> list[tuple[object, str, int]]:
    """Neighbouring deltas of a kind joined, everything else as it is."""
    joined: list[tuple[object, str, int]] = []
    for event in events:
        if not isinstance(event, Delta):
            joined.append((event, "", 0))
        elif joined and joined[-1][0] == event.kind:
            kind, text, tokens = joined[-1]
            joined[-1] = (kind, text + event.text, tokens + event.tokens)
        else:
            joined.append((event.kind, event.text, event.tokens))
    return joined


def seconds(step: float) -> Iterator[float]:
    now = 0.0
    while True:
        yield now
        now += step


@given(SOURCE, st.sampled_from([0.0, 0.3, 1.0, 5.0]))
def test_order_text_and_counts_are_kept(source: list[Event], step: float) -> None:
    clock = seconds(step)
    assert flat(list(coalesce(source, 1.0, lambda: next(clock)))) == flat(source)


@given(SOURCE)
def test_slow_tokens_are_not_touched(source: list[Event]) -> None:
    clock = seconds(1.0)
    assert list(coalesce(source, 1.0, lambda: next(clock))) == source


def test_the_first_is_not_held_back_and_fast_ones_are_joined() -> None:
    clock = seconds(0.4)
    source = [Delta(letter) for letter in "abcdef"]
    texts = [e.text for e in coalesce(source, 1.0, lambda: next(clock)) if isinstance(e, Delta)]
    assert texts == ["a", "bcd", "ef"]


def test_a_failing_source_loses_nothing() -> None:
    def failing() -> Iterator[Event]:
        yield Delta("a")
        yield Delta("b")
        raise RuntimeError

    arrived: list[Event] = []
    events = coalesce(failing(), 1.0, lambda: 0.0)
    arrived += [next(events), next(events)]
    with pytest.raises(RuntimeError):
        next(events)
    assert arrived == [Delta("a"), Delta("b")]
