"""The model leaves a memory that does not hold a tune beside it, and comes back when wanted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from localai.chat.inspection import Inspection
from localai.store.tuning import Progress, Turn
from tests.tui.lessons import base_of
from tests.tui.stage import Stage
from tui.bridge import RESTS
from tui.messages import Inspected, Probed
from tui.review.messages import LaidOut

Build = Callable[..., Stage]
TUNING = "tui.screens.tuning"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a while without use."""
    monkeypatch.setattr("tui.screens.chat.POLL_SECONDS", 0.02)
    monkeypatch.setattr(f"{TUNING}.QUIET_SECONDS", 0.0)
    monkeypatch.setattr(f"{TUNING}.AWAY_SECONDS", 3600.0)


def tunes(on: Stage, turn: Turn, stage: str = "training") -> str:
    """A tune that runs, and whose turn it is."""
    run = on.store.begin_run("scripted", base_of(on.model), {})
    move(on, run.id, turn, stage)
    return run.id


def move(on: Stage, run_id: str, turn: Turn, stage: str = "training") -> None:
    on.store.update_run(run_id, Progress(stage, 43, 100, 1.2, turn=turn))


async def seen(on: Stage, turn: Turn) -> None:
    await on.until(lambda: on.chat.memory_turn == turn)


async def test_it_leaves_for_a_tune_that_waits_and_comes_back_when_asked(stage: Build) -> None:
    async with stage(["One.", "Two."]).show((120, 30)) as on:
        await on.ask("Who?")
        assert on.engine.state == "ready"
        run = tunes(on, "waiting")
        await on.until(lambda: on.engine.state == "stopped")
        await on.until(lambda: on.said == [RESTS])
        move(on, run, "training")
        await seen(on, "training")
        await on.ask("And who else?")
        assert "Two." in on.text
        move(on, run, "paused", "paused while you chat")
        await on.until(lambda: "tune: paused while you chat 43 %" in shown(on))
        assert on.engine.state == "ready"
        assert on.said == [RESTS]


def shown(on: Stage) -> str:
    return str(on.chat.status_line.render())


async def test_it_leaves_again_when_nobody_has_written_for_a_while(
    stage: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage().show() as on:
        await on.ask("Who?")
        tunes(on, "paused")
        await seen(on, "paused")
        on.chat._poll()
        await on.pilot.pause()
        assert on.engine.state == "ready"
        monkeypatch.setattr(f"{TUNING}.AWAY_SECONDS", 0.0)
        await on.until(lambda: on.engine.state == "stopped")
        await on.until(lambda: on.said == [RESTS])


@pytest.mark.parametrize("turn", ["", "training"])
async def test_it_stays_where_no_tune_waits_for_it(stage: Build, turn: Turn) -> None:
    async with stage().show() as on:
        await on.ask("Who?")
        run = tunes(on, "")
        move(on, run, turn)
        await seen(on, turn)
        assert not on.chat.makes_way(1e9)
        on.store.end_run(run, "stopped")
        await on.until(lambda: on.chat.glance.run and on.chat.glance.run.state == "stopped")
        assert not on.chat.makes_way(1e9)


async def test_it_stays_while_something_is_being_written(stage: Build) -> None:
    async with stage().show() as on:
        await on.ask("Who?")
        await on.pilot.press(*"And")
        tunes(on, "waiting")
        await seen(on, "waiting")
        assert not on.chat.makes_way(3599.0)
        assert on.chat.makes_way(3600.0)
        on.chat.prompt.put("")
        await on.until(lambda: on.engine.state == "stopped")


async def test_one_that_was_loaded_just_now_is_in_use(stage: Build) -> None:
    async with stage().show() as on:
        on.chat._used_at = -1e9  # nothing was written since
        on.app.bridge.warm()
        await on.until(lambda: on.engine.state == "ready" and on.chat._used_at > 0)
        tunes(on, "paused")
        await seen(on, "paused")
        await on.pilot.pause()
        on.chat._poll()
        await on.pilot.pause()
        assert on.engine.state == "ready"


async def test_one_that_is_looked_into_is_in_use(stage: Build) -> None:
    async with stage().show() as on:
        await on.ask("Who?")
        await on.until(lambda: on.chat._last_state == "ready")
        row = on.chat.transcript.items[-1].row
        for told in (LaidOut("X", None), Probed(row.id, ()), Inspected(Inspection(row, (), ()))):
            on.chat._used_at = -1e9
            on.chat.post_message(told)
            await on.until(lambda: on.chat._used_at > 0)


async def test_a_draft_wants_it_again_once_it_is_gone_on_with(stage: Build) -> None:
    async with stage().show() as on:
        await on.ask("Who?")
        on.chat.prompt.focus()
        await on.pilot.press("A")
        await on.until(lambda: on.chat._last_state == "ready")
        on.app.bridge.unload()
        await on.until(lambda: on.chat._last_state == "stopped")
        await on.pilot.press("n")
        await on.until(lambda: on.engine.state == "ready")


async def test_it_says_what_it_waits_for_when_it_comes_back(stage: Build) -> None:
    async with stage().show((120, 30)) as on:
        tunes(on, "training")
        await seen(on, "training")
        assert on.chat._waiting() == "Loading the model once the tune has paused"
        on.engine._state = "loading"
        await on.until(lambda: "pausing the tune" in shown(on))


def test_a_run_from_before_has_no_turn(tmp_path: Path) -> None:
    import msgspec

    assert msgspec.json.decode(b'{"stage": "training"}', type=Progress).turn == ""
