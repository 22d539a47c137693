"""The review lists what may be learned from, a page at a time, whatever is in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from localai.store.store import Store
from localai.store.tuning import StoredExample
from tests.tui.lessons import tell
from tests.tui.reviews import (
    CAPITAL,
    GREETING,
    content,
    list_others,
    many,
    open_review,
    review,
    reviewing,
    rows,
    sample,
)
from tests.tui.stage import Stage
from tui.review.pages import OVERLAP, PAGE
from tui.screens.review import ReviewScreen
from tui.screens.review_list import STEP

Build = Callable[..., Stage]


async def test_what_waits_is_listed_first(stage: Build) -> None:
    async with reviewing(stage(), size=(140, 40)) as on:
        assert "pending · all data sets" in content(on, "#headline")
        assert content(on, "#headline").endswith("○ 4 pending   ✓ 3 accepted   ✗ 1 rejected")
        assert [row.question for row in rows(on)][:2] == [CAPITAL, "Sing me a song."]
        first = review(on).examples.get_option_at_index(0).prompt
        assert str(first).splitlines()[0] == f"○ {CAPITAL}"
        assert str(first).splitlines()[1].strip().startswith("correction: made up · ")
        assert "The capital of Zubrowka is ParisLutz." in content(on, "#said")
        for state, count in (("accepted", 3), ("rejected", 1), ("all", 8), ("pending", 4)):
            await list_others(on, "f")
            assert content(on, "#headline").startswith(f"Review  {state} · all data sets")
            assert len(rows(on)) == count


async def test_without_anything_to_decide_all_is_listed(stage: Build) -> None:
    async with stage().show() as on:
        on.store.mark(tell(on.store, GREETING, "Say ahoy.").id, "good")
        await open_review(on)
        assert [row.source for row in rows(on)] == ["good"]
        assert "all · all data sets" in content(on, "#headline")


async def test_an_empty_review_says_what_to_do(stage: Build) -> None:
    async with stage().show() as on:
        await open_review(on)
        assert "There are no examples yet." in content(on, "#said")
        assert not review(on).query_one("#token-title").display
        await on.pilot.press("a", "e", "w", "t", "space", "f")
        await on.until(lambda: "Nothing is pending." in content(on, "#said"))
        await on.pilot.press("escape")
        await on.until(lambda: on.app.screen is on.chat)


async def test_thousands_of_examples_are_read_a_page_at_a_time(
    stage: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage().show() as on:
        many(on.store, 5_000)
        asked: list[tuple[int, int]] = []
        examples = Store.examples

        def watched(store: Store, **given: Any) -> tuple[StoredExample, ...]:
            if given.get("name") != "":  # the look at what waits for a tune
                asked.append((given.get("offset", 0), given.get("limit", -1)))
            return examples(store, **given)

        monkeypatch.setattr(Store, "examples", watched)
        await open_review(on)
        assert len(rows(on)) == PAGE
        assert asked == [(0, PAGE)]
        assert content(on, "#headline").endswith("○ 5,000 pending   ✓ 0 accepted   ✗ 0 rejected")
        await on.pilot.press("a", "a", "end")
        await on.until(lambda: len(rows(on)) > PAGE)
        assert asked[1:] == [(PAGE - 2 - OVERLAP, PAGE + OVERLAP)]
        ids = [row.id for row in rows(on)]
        assert len(ids) == len(set(ids)) == 2 * PAGE
        everything = [row.id for row in examples(on.store, name="many")]
        assert ids == everything[: len(ids)]


async def test_the_example_scrolls_while_the_list_has_the_focus(stage: Build) -> None:
    async with stage().show() as on:
        said = tell(on.store, GREETING, "Say ahoy.")
        on.store.add_correction(said.id, "Say ahoy.\n\n" * 20)
        await open_review(on)
        await on.pilot.press("J", "J", "K")
        assert review(on).view.scroll_y == STEP
        await on.pilot.press("tab")
        assert review(on).view.has_focus


async def test_hostile_texts_cannot_drive_the_terminal(stage: Build) -> None:
    async with stage().show((140, 40)) as on:
        said = tell(on.store, "[red]Who[/]\x1b]0;x\x07?", "Me\x1b[2J.")
        on.store.add_correction(said.id, "You\x9b31m [b]there[/].", "invented")
        await open_review(on)
        await on.pilot.press("t")
        await on.until(lambda: "im_end" in content(on, "#token-text"))
        shown = content(on, "#said") + content(on, "#token-text")
        shown += str(review(on).examples.get_option_at_index(0).prompt)
        assert "[red]Who[/]?" in shown
        assert not set(shown) & {"\x1b", "\x07", "\x9b"}


@pytest.mark.parametrize("size", [(10, 3), (300, 100)])
async def test_no_size_breaks_the_review(stage: Build, size: tuple[int, int]) -> None:
    async with stage().show(size) as on:
        sample(on.store)
        await on.pilot.press("f3")
        await on.until(lambda: isinstance(on.app.screen, ReviewScreen) and len(rows(on)) == 4)
        await on.pilot.press(
            "t", "tab", "J", "K", "down", "shift+tab", "e", "escape", "n", "escape"
        )
        await on.pilot.press("s", "escape", "escape")
        await on.until(lambda: on.app.screen is on.chat)
