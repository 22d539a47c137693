"""One line above the prompt offers what a tune could do now, and a key takes it up."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localai import config, paths
from localai.conversation import assistant, user
from localai.store.runs import EndState
from localai.store.tuning import Adapter, Progress, Run
from localai.tune_process import PLAN
from tests.tui.lessons import base_of, correct_all
from tests.tui.stage import Stage
from tui.screens.offers import DECLINED

Build = Callable[..., Stage]
NOTES = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(' '.join(sys.argv[2:]))"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is accepted is counted with each look."""
    monkeypatch.setattr("tui.learning.desk.COUNT_SECONDS", 0.0)


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Where a tune that is started writes its options."""
    return tmp_path / "options"


@pytest.fixture
def staged(stage: Build, asked: Path) -> Stage:
    return stage(tune=(sys.executable, "-c", NOTES, str(asked), "tune"))


def said_to(asked: Path) -> str:
    """The words of the tune that was started, "" when none was."""
    return asked.read_text() if asked.exists() else ""


def offered(on: Stage) -> str:
    line = on.chat.query_one("#offer")
    return str(line.render()) if line.display else ""


def learn_elsewhere(on: Stage, model: str = "old-model") -> Adapter:
    """Another model learned all that was corrected, and answers with it."""
    correct_all(on.store)
    learned = [example.id for example in on.store.examples(state="accepted", name="")]
    run = on.store.begin_run(model, "b" * 64, {"corrections": learned})
    return on.store.promote(run.id, base_bytes=1, file="/a.gguf", sha256="s", verdict={})


def cut_off(
    on: Stage,
    state: EndState = "interrupted",
    model: str = "scripted",
    data: str = "",
    **plan: Any,
) -> Run:
    """A tune that ended in its training, whose plan is still there."""
    run = on.store.begin_run(model, base_of(on.model), {"data": data, **plan})
    on.store.update_run(run.id, Progress("training", 43, 100, 1.2))
    (paths.tune_work() / run.id).mkdir(parents=True)
    (paths.tune_work() / run.id / PLAN).write_bytes(b"plan")
    return on.store.end_run(run.id, state)


async def was_cut_off(on: Stage, *how: Any, **told: Any) -> Run:
    """The same, once the app has looked; it has never seen the run going on."""
    with on.thread_busy():
        run = cut_off(on, *how, **told)
    await on.until(lambda: on.chat.glance.run == run)
    return run


async def test_a_new_model_is_offered_what_the_old_one_learned(staged: Stage, asked: Path) -> None:
    async with staged.show() as on:
        learn_elsewhere(on)
        await on.until(lambda: offered(on))
        assert "What old-model learned (3 examples) is not in this model yet" in offered(on)
        await on.pilot.press("f5")
        await on.until(lambda: said_to(asked) == "tune")
        await on.until(lambda: any("The tune has started" in said for said in on.said))


async def test_it_is_declined_once_and_for_all(staged: Stage, asked: Path) -> None:
    async with staged.show() as on:
        learn_elsewhere(on)
        await on.until(lambda: offered(on))
        await on.pilot.press("f9")
        await on.until(lambda: on.said == [DECLINED])
        assert offered(on) == ""
        assert config.load().app.not_taught == ["scripted"]
        await on.until(lambda: on.chat.glance.offer is None)
        assert offered(on) == ""
        await on.pilot.press("f5")
        await on.until(lambda: on.said[-1] == "Nothing is offered now.")
        assert not asked.exists()


async def test_what_was_declined_is_not_asked_by_the_next_app(stage: Build) -> None:
    config.save("app.not_taught", ["scripted"])
    async with stage(settings=config.load()).show() as on:
        learn_elsewhere(on)
        await on.until(lambda: on.chat.glance.run is not None)
        assert on.chat.glance.offer is None


async def test_a_model_with_an_adapter_of_its_own_is_offered_nothing(stage: Build) -> None:
    async with stage().show() as on:
        learn_elsewhere(on)
        await on.until(lambda: offered(on))
        base = base_of(on.model)
        on.store.add_adapter(base=base, base_bytes=on.model.stat().st_size, file="/o", sha256="o")
        await on.until(lambda: not offered(on))


async def test_what_no_longer_answers_there_or_is_learned_no_more_is_not_offered(
    stage: Build,
) -> None:
    async with stage().show() as on:
        made = learn_elsewhere(on)
        await on.until(lambda: offered(on))
        on.store.roll_back(made.base)
        await on.until(lambda: not offered(on))
        on.store.activate(made.base, made.id, "chosen")
        await on.until(lambda: offered(on))
        for correction in on.store.corrections():
            on.store.withdraw_correction(correction.id)
        await on.until(lambda: not offered(on))


async def test_nothing_is_offered_while_a_tune_runs(stage: Build) -> None:
    async with stage().show() as on:
        learn_elsewhere(on)
        await on.until(lambda: offered(on))
        run = on.store.begin_run("scripted", base_of(on.model), {})
        await on.until(lambda: not offered(on))
        on.store.end_run(run.id, "failed")
        await on.until(lambda: offered(on))


async def test_a_tune_that_was_cut_off_is_gone_on_with(staged: Stage, asked: Path) -> None:
    async with staged.show() as on:
        learn_elsewhere(on)
        await was_cut_off(on)
        await on.until(lambda: "cut off at 43 %" in offered(on))
        await on.pilot.press("f5")
        await on.until(lambda: said_to(asked) == "tune --resume")
        await on.until(lambda: any("The tune goes on." in said for said in on.said))


async def test_one_that_would_learn_something_else_is_not_offered(staged: Stage) -> None:
    async with staged.show() as on:
        correct_all(on.store)
        learned, same, left = on.store.accepted_sets()
        await was_cut_off(on, corrections=[learned], duplicates=[same], unlearned=[left])
        await on.until(lambda: offered(on))
        on.store.judge_example(left, "rejected")
        await on.until(lambda: not offered(on))
        on.store.judge_example(left, "accepted")
        await on.until(lambda: offered(on))
        on.store.write_example((user("Who?"), assistant("I.")))
        await on.until(lambda: not offered(on))


async def test_one_that_cannot_be_gone_on_with_is_offered_once(stage: Build) -> None:
    refuses = "import sys; sys.exit('A setting has changed.')"
    async with stage(tune=(sys.executable, "-c", refuses)).show() as on:
        run = await was_cut_off(on)
        await on.until(lambda: offered(on))
        await on.pilot.press("f5")
        await on.until(lambda: "A setting has changed." in on.said)
        await on.until(lambda: on.chat.glance.offer is not None)
        assert not offered(on)
        on.store.resume_run(run.id)
        on.store.end_run(run.id, "interrupted")
        await on.until(lambda: offered(on))


async def test_what_was_tried_in_vain_is_not_offered_again(stage: Build) -> None:
    async with stage().show() as on:
        learn_elsewhere(on)
        await on.until(lambda: offered(on))
        run = on.store.begin_run("scripted", base_of(on.model), {})
        on.store.end_run(run.id, "rejected", verdict={})
        await on.until(lambda: on.chat.glance.run and on.chat.glance.run.state == "rejected")
        assert not offered(on)
        with on.thread_busy():
            learned = list(on.store.accepted_sets())
            better = on.store.begin_run("old-model", "b" * 64, {"corrections": learned})
            on.store.promote(better.id, base_bytes=1, file="/b.gguf", sha256="t", verdict={})
        await on.until(lambda: offered(on))


async def test_one_that_is_left_is_not_offered_again(staged: Stage) -> None:
    async with staged.show((100, 30)) as on:
        await was_cut_off(on)
        assert offered(on)
        await on.pilot.press("f9")
        await on.until(lambda: not offered(on))
        learn_elsewhere(on)  # something new to tell of
        await on.until(lambda: offered(on))
        assert "What old-model learned" in offered(on)


@pytest.mark.parametrize("state", ["stopped", "failed", "interrupted"])
async def test_the_learning_screen_says_what_can_be_gone_on_with(
    staged: Stage, asked: Path, state: EndState
) -> None:
    async with staged.show((100, 30)) as on:
        await was_cut_off(on, state)
        assert bool(offered(on)) is (state == "interrupted")
        await on.pilot.press("ctrl+g")
        await on.until(lambda: "unfinished at 43 %; g goes on with it" in told(on))
        await on.pilot.press("g")
        await on.until(lambda: said_to(asked) == "tune --resume")


def told(on: Stage) -> str:
    return str(on.app.screen.query_one("#progress").render())


async def test_of_a_data_set_that_goes_on_and_another_models_does_not(
    staged: Stage, asked: Path
) -> None:
    async with staged.show((100, 30)) as on:
        await was_cut_off(on, "stopped", data="pirate", rl=True)
        await was_cut_off(on, model="another")
        assert offered(on) == ""
        await on.pilot.press("ctrl+g")
        await on.until(lambda: "unfinished at 43 %; g goes on with it" in told(on))
        await on.pilot.press("g")
        await on.until(lambda: said_to(asked) == "tune --resume --data pirate")


async def test_one_without_a_plan_cannot_be_gone_on_with(staged: Stage, asked: Path) -> None:
    async with staged.show((100, 30)) as on:
        run = await was_cut_off(on)
        (paths.tune_work() / run.id / PLAN).unlink()
        await on.until(lambda: not offered(on))
        assert offered(on) == ""
        await on.pilot.press("ctrl+g")
        await on.until(lambda: "t starts one" in told(on))
        await on.pilot.press("g")
        await on.until(lambda: any("no tune to go on with" in said for said in on.said))
        assert not asked.exists()
