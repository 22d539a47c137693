"""The model's own ways to ask: seen beside those by templates, dropped and taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.widgets import OptionList

from localai.config import Settings, TuneSettings
from localai.store.tuning import Rewrites
from tests.tui.reviews import CAPITAL, content, review, reviewing, rows
from tests.tui.stage import Stage
from tui.screens.rewrites import RewritesScreen

Build = Callable[..., Stage]

SEEN = "Does anybody know Zubrowka's capital?"
KEPT = ("Does anybody know Zubrowka's \x1b[2Jcapital?", "Zubrowka's capital is what?")


async def with_rewrites(on: Stage) -> None:
    """Words that the model found for the pending correction, which is under the cursor."""
    on.store.put_rewrites(rows(on)[0].leaf, KEPT)
    await on.pilot.press("down", "up")
    await on.until(lambda: "what?" in content(on, "#ways"))


async def choose(on: Stage, number: int) -> None:
    await on.pilot.press("d")
    await on.until(lambda: isinstance(on.app.screen, RewritesScreen))
    on.app.screen.query_one(OptionList).highlighted = number
    await on.pilot.press("enter")
    await on.until(lambda: on.app.screen is review(on))


def kept(on: Stage) -> Rewrites | None:
    return on.store.rewrites(rows(on)[0].leaf)


async def test_all_ways_to_ask_are_listed_without_the_model(stage: Build) -> None:
    async with reviewing(stage()) as on:
        lines = content(on, "#ways").splitlines()
        assert lines[0].strip() == CAPITAL
        assert len(lines) == 19
        await with_rewrites(on)
        assert [line.strip() for line in content(on, "#ways").splitlines()[19:]] == [
            "in the model's words (d drops, takes back)",
            SEEN,
            KEPT[1],
        ]
        assert on.engine.state == "stopped"
        await on.pilot.press("down")
        await on.until(lambda: not review(on).query_one("#ways-title").display)


async def test_what_the_setting_leaves_out_is_not_called_learned(stage: Build) -> None:
    settings = Settings(tune=TuneSettings(rewrites=1))
    async with reviewing(stage(settings=settings)) as on:
        await with_rewrites(on)
        assert [line.strip() for line in content(on, "#ways").splitlines()[20:]] == [
            SEEN,
            "not learned: tune.rewrites is 1",
            KEPT[1],
        ]


async def test_one_is_dropped_and_taken_back(stage: Build) -> None:
    async with reviewing(stage()) as on:
        await with_rewrites(on)
        await choose(on, 0)
        await on.until(lambda: kept(on) == Rewrites(KEPT[1:], KEPT[:1]))
        await on.until(lambda: content(on, "#ways").endswith(SEEN))
        shown: Any = review(on).query_one("#ways").render()
        struck = [span for span in shown.spans if "strike" in str(span.style)]
        assert [shown.plain[s.start : s.end] for s in struck] == [SEEN]
        await choose(on, 1)
        await on.until(lambda: kept(on) == Rewrites(KEPT))


async def test_the_tokens_follow(stage: Build) -> None:
    async with reviewing(stage()) as on:
        await with_rewrites(on)
        await on.pilot.press("t")
        await on.until(lambda: "w: 1 of 21" in content(on, "#token-count"))
        assert "the model's words" not in content(on, "#token-count")
        await on.pilot.press(*["w"] * 20)
        assert content(on, "#token-count").endswith("w: 21 of 21 · the model's words")
        await choose(on, 0)
        await on.until(lambda: "of 20" in content(on, "#token-count"))


async def test_where_there_are_none_it_says_how_to_have_some(stage: Build) -> None:
    async with reviewing(stage()) as on:
        await on.pilot.press("d")
        await on.until(lambda: any("no other words" in each for each in on.said))
        assert on.app.screen is review(on)


async def test_what_is_gone_meanwhile_is_said(stage: Build) -> None:
    async with reviewing(stage()) as on:
        await with_rewrites(on)
        await on.pilot.press("d")
        await on.until(lambda: isinstance(on.app.screen, RewritesScreen))
        on.store.put_rewrites(rows(on)[0].leaf, ())
        await on.pilot.press("enter")
        await on.until(lambda: any("not there any more" in each for each in on.said))
