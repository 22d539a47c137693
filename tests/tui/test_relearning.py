"""After forgetting in the app: retired adapters, and a tune from what is left."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from localai import forgetting
from localai.store.store import Store
from tests.tui.erasing import confirm, listed, told
from tests.tui.lessons import correct_all, promote, tell
from tests.tui.reviews import brought
from tests.tui.stage import Stage
from tui.screens.forget import ForgetScreen

Build = Callable[..., Stage]


async def test_an_adapter_that_learned_is_retired_and_a_tune_is_offered(
    stage: Build, tmp_path: Path
) -> None:
    program = "print('begun', flush=True); raise SystemExit('Nothing to learn.')"
    staged = stage(["Hello!"], tune=(sys.executable, "-c", program))
    async with staged.show((100, 40)) as on:
        on.chat.bridge.warm()
        correct_all(on.store)
        made = promote(on.store, on.model)
        await on.until(lambda: on.chat.status_line.status.adapter == made.name)
        learned = on.store.corrections()[0]
        on.chat.open_conversation(on.store.message(learned.chosen).conversation)
        await on.pilot.press("ctrl+b", "D")
        await listed(on)
        assert f"1 adapter that learned from it: {made.name}" in told(on)
        assert "1 correction\n" in told(on)
        assert "1 tune run with verdicts, answers and reports" in told(on)
        await confirm(on)
        assert "learn the rest again: t" in told(on)
        await on.until(lambda: on.chat.status_line.status.adapter == "")
        await on.pilot.press("t")
        await on.until(lambda: any("The tune has started" in said for said in on.said))
        assert on.app.screen is on.chat
        assert on.store.adapters() == ()
        await on.ask("Who answers?")
        assert on.engine.load().adapter == ""


async def test_nothing_is_offered_where_nothing_is_left_to_learn(stage: Build) -> None:
    async with stage().show() as on:
        answer = tell(on.store, "Where?", "There.")
        on.store.add_correction(answer.id, "Here.")
        promote(on.store, on.model)
        on.chat.open_conversation(answer.conversation)
        await on.pilot.press("ctrl+b", "D")
        await listed(on)
        await confirm(on)
        assert "had learned from nothing else that is left" in told(on)
        await on.pilot.press("t")
        assert isinstance(on.app.screen, ForgetScreen)


def test_only_what_a_tune_would_learn_is_left(tmp_path: Path) -> None:
    with Store.open(tmp_path / "localai.db") as store:
        brought(store)
        store.accept_pending("pirates")
        assert not forgetting.left(store)
        assert "nothing else that is left" in forgetting.advice(store, "t")
        store.mark(tell(store, "Who?", "I.").id, "good")
        assert forgetting.left(store)
        assert forgetting.advice(store, "t").endswith(": t")


async def test_a_tune_is_offered_where_a_good_answer_is_left(stage: Build) -> None:
    async with stage(tune=(sys.executable, "-c", "")).show() as on:
        answer = tell(on.store, "Where?", "There.")
        on.store.add_correction(answer.id, "Here.")
        promote(on.store, on.model)
        on.store.mark(tell(on.store, "Who?", "I.").id, "good")
        on.chat.open_conversation(answer.conversation)
        await on.pilot.press("ctrl+b", "D")
        await listed(on)
        await confirm(on)
        assert "t starts a tune" in told(on, "keys")
