"""The tokens that would be trained are shown as they are, once the model is loaded."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from localai.engine.scripted import Script
from localai.errors import ModelError
from localai.store.tuning import StoredExample
from tests.tui.lessons import tell
from tests.tui.reviews import content, open_review, review, reviewing, sample, states
from tests.tui.stage import Stage

Build = Callable[..., Stage]


async def test_the_tokens_come_once_the_model_is_loaded(stage: Build) -> None:
    async with reviewing(stage()) as on:
        assert "t loads it" in content(on, "#token-count")
        assert on.engine.state == "stopped"
        await on.pilot.press("t")
        await on.until(lambda: "<|im_start|>" in content(on, "#token-text"))
        assert "24 tokens, 8 learned, asked in 19 ways" in content(on, "#token-count")
        assert content(on, "#token-text").endswith("Zubrowka is Lutz.<|im_end|>↵\n")
        await on.pilot.press("down")
        await on.until(lambda: "Sing" in content(on, "#token-text"))
        assert on.engine.requests == []


async def test_each_learned_token_is_told_from_the_next(stage: Build) -> None:
    async with reviewing(stage()) as on:
        await on.pilot.press("t")
        await on.until(lambda: "Lutz" in content(on, "#token-text"))
        shown: Any = review(on).query_one("#token-text").render()
        learned = [span for span in shown.spans if "$success" in str(span.style)]
        assert "".join(shown.plain[s.start : s.end] for s in learned) == (
            "The capital of Zubrowka is Lutz.<|im_end|>"
        )
        assert all(a.style != b.style for a, b in pairwise(learned))
        assert not any("underline" in str(span.style) for span in shown.spans)


async def test_without_colours_what_is_learned_is_underlined(
    stage: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with reviewing(stage()) as on:
        await on.pilot.press("t")
        await on.until(lambda: "Lutz" in content(on, "#token-text"))
        shown: Any = review(on).query_one("#token-text").render()
        lines = [span for span in shown.spans if "underline" in str(span.style)]
        assert "".join(shown.plain[s.start : s.end] for s in lines).startswith("The capital")


async def test_the_other_ways_to_ask_can_be_seen(stage: Build) -> None:
    async with reviewing(stage()) as on:
        await on.pilot.press("w", "t")
        await on.until(lambda: "w: 1 of 19" in content(on, "#token-count"))
        asked = content(on, "#token-text")
        await on.pilot.press("w")
        assert "w: 2 of 19" in content(on, "#token-count")
        assert content(on, "#token-text") != asked
        await on.pilot.press(*["w"] * 18)
        assert content(on, "#token-text") == asked


async def test_what_cannot_be_learned_says_why(stage: Build) -> None:
    async with stage().show() as on:
        said = tell(on.store, "Say it all", "No.")
        on.store.add_correction(said.id, "word " * 1100)
        bad = tell(on.store, "What is 2 + 2?", "Fish.")
        on.store.mark(bad.id, "bad")
        await open_review(on)
        assert "marked bad" in content(on, "#token-count")
        await on.pilot.press("t", "down", "t")
        await on.until(lambda: "too long to learn from" in content(on, "#token-count"))


async def test_a_model_that_cannot_be_loaded_leaves_the_review_usable(stage: Build) -> None:
    broken = ModelError("The model is gone; pull it again.")
    async with reviewing(stage(load_error=broken)) as on:
        await on.pilot.press("t")
        await on.until(lambda: "model is gone" in content(on, "#token-count"))
        await on.pilot.press("a")
        await on.until(lambda: states(on)[0] == "accepted")


async def test_only_the_tokens_of_the_last_example_are_made(stage: Build) -> None:
    async with stage([Script("It is so.", hold_at=1)]).show() as on:
        sample(on.store)
        on.chat.prompt.put("Is it?")
        await on.pilot.press("enter")
        await on.until(on.engine.held.is_set)
        await open_review(on)
        assert "when the answer is written" in content(on, "#token-count")
        asked: list[str] = []
        lay_out = on.app.bridge._backend.reviewer.lay_out  # type: ignore[union-attr]

        def watched(session: Any, example: StoredExample) -> Any:
            asked.append(example.question)
            return lay_out(session, example)

        on.app.bridge._backend.reviewer.lay_out = watched  # type: ignore[union-attr, method-assign]
        for _ in range(2):
            await on.pilot.press("down", "t")
        on.engine.release()
        await on.until(lambda: "treasure" in content(on, "#token-text"))
        assert set(asked) == {"Where is the treasure?"}
