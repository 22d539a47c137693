from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localai import paths
from localai.errors import StoreError
from localai.store.store import Store
from localai.store.tuning import Progress, StoredExample
from tests.tui.lessons import REJECTED, begin, correct_all, history, promote
from tests.tui.stage import Stage
from tui.learning.desk import Desk
from tui.learning.tuner import Tuner
from tui.screens.learning import LearningScreen

Build = Callable[..., Stage]


def content(on: Stage, selector: str) -> str:
    return str(on.app.screen.query_one(selector).render())


def rows(on: Stage, selector: str) -> list[str]:
    options = on.app.screen.query_one(selector).options  # type: ignore[attr-defined]
    return [str(option.prompt) for option in options]


async def open_learning(on: Stage) -> None:
    await on.pilot.press("ctrl+g")
    await on.until(lambda: isinstance(on.app.screen, LearningScreen))
    await on.until(lambda: content(on, "#headline"))


def adapter(on: Stage) -> str:
    return on.chat.status_line.status.adapter


async def test_everything_about_learning_is_on_one_screen(stage: Build) -> None:
    async with stage().show((100, 40)) as on:
        history(on.store, on.model)
        await open_learning(on)
        assert content(on, "#headline").endswith("tuned-2 answers")
        assert "training  43 %" in content(on, "#progress")
        assert "146 tokens/s" in content(on, "#progress")
        assert content(on, "#waiting") == "To learn: 3 waiting"
        assert "… Paris. → … Lutz." in content(on, "#lesson-list")
        assert [row[:9] for row in rows(on, "#adapters")] == ["● tuned-2", "  tuned-1", "  the bar"]
        assert [row.split()[3] for row in rows(on, "#runs")] == [
            "running",
            "rejected",
            "promoted",
            "promoted",
        ]
        assert "Not promoted: Too much else was lost: 31 of 132" in content(on, "#verdict-text")
        await on.pilot.press("tab", "down", "down")
        await on.until(lambda: "corrections" in content(on, "#verdict-text"))
        assert "72 %" in content(on, "#verdict-text")
        await on.pilot.press("escape")
        await on.until(lambda: on.app.screen is on.chat)


async def test_a_chosen_adapter_answers_from_the_next_turn_on(stage: Build) -> None:
    async with stage().show() as on:
        promote(on.store, on.model)
        promote(on.store, on.model)
        await on.until(lambda: adapter(on) == "tuned-2")
        await open_learning(on)
        await on.pilot.press("down", "u")
        await on.until(lambda: adapter(on) == "tuned-1")
        await on.until(lambda: rows(on, "#adapters")[1].startswith("● tuned-1"))
        await on.pilot.press("down", "enter")
        await on.until(lambda: adapter(on) == "")
        await on.until(lambda: content(on, "#headline").endswith("the bare model answers"))
        await on.pilot.press("enter")
        await on.until(lambda: "answers already" in on.said[-1])


async def test_one_key_rolls_back_and_the_status_shows_it_at_once(stage: Build) -> None:
    async with stage().show() as on:
        promote(on.store, on.model)
        await on.until(lambda: adapter(on) == "tuned-1")
        assert "scripted · tuned-1" in str(on.chat.status_line.render())
        await on.pilot.press("f4")
        await on.until(lambda: adapter(on) == "")
        rolled_back = "Rolled back: from the next turn on, the bare model answers."
        await on.until(lambda: on.said == [rolled_back])
        await on.pilot.press("f4")
        await on.until(lambda: "nothing to go back to" in on.said[-1])


async def test_without_an_adapter_there_is_nothing_to_roll_back(stage: Build) -> None:
    async with stage().show() as on:
        await open_learning(on)
        await on.pilot.press("b")
        await on.until(lambda: any("Nothing was learned" in sentence for sentence in on.said))


async def test_a_running_tune_is_followed_to_its_end(stage: Build) -> None:
    async with stage().show((120, 30)) as on:
        run = begin(on.store, on.model)
        await on.until(lambda: "tune: training 43 %" in str(on.chat.status_line.render()))
        on.store.update_run(run.id, Progress("asking the held-out questions", 1, 4))
        await on.until(lambda: "held-out questions 25 %" in str(on.chat.status_line.render()))
        on.store.end_run(run.id, "rejected", verdict=REJECTED)
        await on.until(lambda: "tune" not in str(on.chat.status_line.render()))
        await on.until(lambda: any("31 of 132 questions (general)" in said for said in on.said))


async def test_learned_corrections_wait_no_longer(stage: Build) -> None:
    async with stage().show() as on:
        correct_all(on.store)
        await open_learning(on)
        await on.until(lambda: content(on, "#waiting") == "To learn: 3 waiting")
        promote(on.store, on.model)
        await on.until(lambda: content(on, "#waiting") == "To learn: 0 waiting, 3 learned")


async def test_a_tune_starts_once_and_is_stopped(stage: Build) -> None:
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.default_int_handler); "
        "print('begun', flush=True); time.sleep(60)"
    )
    staged = stage(tune=(sys.executable, "-c", program))
    async with staged.show() as on:
        await open_learning(on)
        await on.pilot.press("t")
        await on.until(lambda: any("has started" in sentence for sentence in on.said))
        await on.until(lambda: "is starting" in content(on, "#progress"))
        await on.pilot.press("t")
        await on.until(lambda: any("running already" in sentence for sentence in on.said))
        await on.until(lambda: "begun" in (paths.logs() / "tune.log").read_text("utf-8"))
        await on.pilot.press("s")
        await on.until(lambda: any("asked to stop" in sentence for sentence in on.said))
        await on.until(lambda: "KeyboardInterrupt" in on.said[-1])


async def test_a_run_that_is_gone_on_with_is_followed_as_a_new_one(stage: Build) -> None:
    async with stage().show((120, 40)) as on:
        stopped = begin(on.store, on.model)
        on.store.end_run(stopped.id, "stopped")
        other = on.store.begin_run("scripted", "b" * 64, {})
        on.store.end_run(other.id, "rejected", verdict=REJECTED)
        await open_learning(on)
        await on.until(lambda: len(rows(on, "#runs")) == 2)
        assert rows(on, "#runs")[0].split()[3] == "rejected"
        on.store.resume_run(stopped.id)
        await on.until(lambda: rows(on, "#runs")[0].split()[3] == "running")
        assert "training  43 %" in content(on, "#progress")
        assert "tune: training 43 %" in str(on.chat.status_line.render())


def test_a_run_that_is_gone_on_with_is_told_from_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tuner, "start", lambda tuner: None)
    monkeypatch.setattr(Tuner, "failure", lambda tuner: "It broke.")
    with Store.open(tmp_path / "localai.db") as store:
        run = store.begin_run("scripted", "b", {})
        store.end_run(run.id, "stopped")
        desk = Desk(store, Tuner(()))
        desk.start()
        monkeypatch.setattr(Tuner, "running", True)
        assert desk.overview(None).starting
        assert desk.failure() == "It broke."
        store.resume_run(run.id)
        assert not desk.overview(None).starting
        store.end_run(run.id, "rejected", verdict=REJECTED)
        assert desk.failure() == ""


async def test_a_tune_that_runs_elsewhere_is_not_started_twice(stage: Build) -> None:
    async with stage(tune=("/never/started",)).show() as on:
        begin(on.store, on.model)
        await open_learning(on)
        await on.pilot.press("t")
        await on.until(lambda: any("running already" in sentence for sentence in on.said))


async def test_the_process_of_the_row_is_stopped(
    stage: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []
    async with stage().show() as on:
        monkeypatch.setattr(os, "kill", lambda process, _: killed.append(process))
        begin(on.store, on.model)
        await open_learning(on)
        await on.pilot.press("s")
        await on.until(lambda: killed == [os.getpid()])


async def test_a_tune_that_cannot_begin_says_why(stage: Build) -> None:
    program = "raise SystemExit('There is nothing to learn from; correct an answer first.')"
    async with stage(tune=(sys.executable, "-c", program)).show() as on:
        await open_learning(on)
        await on.pilot.press("t")
        await on.until(lambda: any("nothing to learn from" in sentence for sentence in on.said))


async def test_trouble_while_looking_is_told_once(
    stage: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def broken(*_: object, **__: object) -> None:
        looks.append(1)
        raise StoreError("The disk is gone; bring it back.")

    async with stage().show() as on:
        monkeypatch.setattr(Store, "runs", broken)
        await on.until(lambda: len(looks) >= 2)
        assert [said for said in on.said if "disk is gone" in said] == [
            "The disk is gone; bring it back."
        ]


async def test_what_a_run_wrote_cannot_drive_the_terminal(stage: Build) -> None:
    async with stage().show((120, 40)) as on:
        run = on.store.begin_run("scripted", "b" * 64, {})
        on.store.end_run(run.id, "failed", error="It broke\x1b]0;x\x07 [red]here[/]")
        await open_learning(on)
        await on.until(lambda: rows(on, "#runs"))
        assert rows(on, "#runs")[0].endswith("It broke [red]here[/]")
        assert content(on, "#verdict-text") == "It broke [red]here[/]"


async def test_a_verdict_that_cannot_be_read_costs_only_itself(stage: Build) -> None:
    async with stage().show((120, 40)) as on:
        run = on.store.begin_run("scripted", "b" * 64, {})
        on.store.end_run(run.id, "rejected", verdict={"promoted": "perhaps"})
        await open_learning(on)
        await on.until(lambda: "no verdict" in content(on, "#verdict-text"))


@pytest.mark.parametrize("size", [(10, 3), (300, 100)])
async def test_no_size_breaks_the_screens_of_learning(stage: Build, size: tuple[int, int]) -> None:
    async with stage().show(size) as on:
        history(on.store, on.model)
        await on.ask("hello")
        await open_learning(on)
        await on.pilot.press("tab", "down", "escape")
        await on.until(lambda: on.app.screen is on.chat)
        await on.pilot.press("ctrl+e")
        await on.until(lambda: on.app.screen is not on.chat)
        await on.pilot.press("x", "escape", "y")
        await on.until(lambda: on.app.screen is on.chat)


async def test_the_palette_knows_the_actions_of_learning(stage: Build) -> None:
    async with stage().show() as on:
        await on.pilot.press("ctrl+p", *"Learning")
        await on.until(lambda: on.app.screen.query("OptionList").first().option_count == 1)  # type: ignore[attr-defined]
        await on.pilot.press("enter")
        await on.until(lambda: isinstance(on.app.screen, LearningScreen))


def test_a_look_reads_what_was_accepted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    examples = Store.examples

    def watched(store: Store, **given: Any) -> tuple[StoredExample, ...]:
        asked.append(given)
        return examples(store, **given)

    monkeypatch.setattr(Store, "examples", watched)
    with Store.open(tmp_path / "localai.db") as store:
        correct_all(store)
        assert len(Desk(store, Tuner(())).overview(None).waiting) == 3
    assert len(asked) == 1
