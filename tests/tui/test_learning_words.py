from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.measures import duration, percent
from localai.store.tuning import Progress, Run
from tui.learning.words import (
    NOTHING,
    difference,
    shorten,
    status_forms,
)

WORDS = st.lists(st.text("abc", min_size=1, max_size=3), max_size=8)


def running(progress: Progress) -> Run:
    return Run("r", "m", "b", "running", 0.0, 0.0, {}, progress)


@given(WORDS, WORDS, WORDS, WORDS)
def test_a_difference_holds_what_differs(
    head: list[str], old: list[str], new: list[str], tail: list[str]
) -> None:
    was, now = (" ".join([*head, *middle, *tail]) for middle in (old, new))
    before, after = difference(was, now)
    if was == now:
        assert before == after
        return
    assert before != after
    # What is left out of one is left out of the other: together they are the texts.
    for text, part in ((was, before), (now, after)):
        words = [word for word in part.replace(NOTHING, "").split() if word != "…"]
        assert " ".join(words) in text


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("It is Paris.", "It is Lutz.", ("… Paris.", "… Lutz.")),
        ("It is 3 km away.", "It is 12 km away.", ("… 3 …", "… 12 …")),
        ("Yes, sure.", "Yes,", ("… sure.", f"… {NOTHING}")),
        ("a\x1b[2J b", "a c", ("… b", "… c")),
    ],
)
def test_differences_in_words(old: str, new: str, shown: tuple[str, str]) -> None:
    assert difference(old, new) == shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59, "59 s"),
        (59.6, "1 min"),
        (61, "1 min"),
        (3599.9, "1 h 0 min"),
        (3700, "1 h 2 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("done", "total", "share"), [(0, 0, None), (1, 3, 33), (3, 3, 100), (9, 3, 100)]
)
def test_percent(done: int, total: int, share: int | None) -> None:
    assert percent(Progress("x", done, total)) == share


def test_a_running_tune_has_shorter_and_shorter_words() -> None:
    forms = status_forms(running(Progress("training", 43, 100, 1.214, 146.0, 190.0)))
    assert forms == (
        "tune: training 43 % · loss 1.21 · 3 min left",
        "tune 43 % · loss 1.21 · 3 min",
        "tune 43 %",
    )
    assert status_forms(running(Progress("")))[-1] == "tune…"
    waits = status_forms(running(Progress("waiting until the model has left", turn="waiting")))
    assert waits[1:] == ("tune waits", "tune waits…")
    paused = status_forms(running(Progress("paused while you chat", 43, 100, 1.2, turn="paused")))
    assert paused[1:] == ("tune paused 43 % · loss 1.20", "tune paused 43 %")
    assert status_forms(None) == ()


@given(st.text(max_size=20), st.integers(1, 10))
def test_shortened_text_fits(text: str, width: int) -> None:
    assert len(shorten(text, width)) <= width
