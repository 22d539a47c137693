from __future__ import annotations

from tui.recall import Recall


def test_going_back_and_forth_keeps_what_was_being_written() -> None:
    recall = Recall(["one", "two"])
    assert recall.older("draft") == "two"
    assert recall.older("two") == "one"
    assert recall.older("one") is None
    assert recall.newer() == "two"
    assert recall.newer() == "draft"
    assert recall.newer() is None


def test_a_repeated_prompt_is_kept_once() -> None:
    recall = Recall()
    recall.add("same")
    recall.add("same")
    assert recall.older("") == "same"
    assert recall.older("") is None
