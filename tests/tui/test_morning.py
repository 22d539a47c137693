"""What a tune did while nobody looked: told once, read, tried, taken back, put away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from textual.widgets import Static

from localai import config, paths
from localai.store.runs import EndState
from localai.store.tuning import Run
from localai.tune_process import PLAN
from tests.morning.nights import ANSWERS, BAD, GOOD, HOSTILE, asked
from tests.tui.lessons import base_of, correct_all, promote
from tests.tui.stage import Stage
from tests.tui.test_comparing import about, outcome, screen, shown
from tui.screens.learning import LearningScreen
from tui.screens.morning import NO_NEWS
from tui.screens.report import ReportScreen

Build = Callable[..., Stage]


def told(on: Stage) -> str:
    line = on.chat.query_one("#morning", Static)
    return str(line.render()) if line.display else ""


def report(on: Stage) -> str:
    shown = on.app.screen
    assert isinstance(shown, ReportScreen)
    return str(shown.query_one("DocumentView", Static).render())


async def night(on: Stage, verdict: dict[str, object] = GOOD) -> None:
    """A tune that went well, and its news."""
    with on.thread_busy():  # it never sees the run going on
        if not on.store.corrections():
            correct_all(on.store)
        promote(on.store, on.model, verdict)
    await on.until(lambda: told(on))


def ended(on: Stage, state: EndState, model: str = "scripted", error: str = HOSTILE) -> Run:
    run = on.store.begin_run(model, base_of(on.model), {})
    verdict = BAD if state == "rejected" else None
    return on.store.end_run(run.id, state, verdict=verdict, error="" if verdict else error)


def has_plan(run: Run) -> None:
    """Leave what another tune goes on with."""
    (paths.tune_work() / run.id).mkdir(parents=True)
    (paths.tune_work() / run.id / PLAN).write_bytes(b"plan")


def looked(on: Stage, number: int) -> bool:
    """Whether the app has seen the run with this number."""
    run = on.chat.glance.run
    return run is not None and run.number == number


async def test_a_good_night_is_told_in_three_lines(stage: Build) -> None:
    async with stage().show() as on:
        await night(on)
        first, second, keys = told(on).splitlines()
        assert first.endswith(": tuned-1 answers now.")
        assert second == "corrections 12 % → 88 % (n 25), 1 of 40 other questions lost, 3 won."
        assert keys == (
            "F6 reads the report, F7 tries it blind, F4 takes it back, F8 puts this away."
        )


async def test_what_was_read_is_not_told_again_by_the_next_app(stage: Build) -> None:
    async with stage().show((100, 30)) as on:
        await night(on)
        await on.pilot.press("f6")
        await on.until(lambda: isinstance(on.app.screen, ReportScreen))
        await on.until(lambda: "tuned-1 answers now." in report(on))
        assert told(on) == ""
        await on.pilot.press("escape")
        await on.until(lambda: on.app.screen is on.chat)
    async with stage(settings=config.load()).show() as on:
        await on.until(lambda: on.chat.glance.run is not None)
        assert on.chat.glance.news is None
        await night(on)
        assert "tuned-2" in told(on)


async def test_it_is_put_away_with_a_key(stage: Build) -> None:
    async with stage().show() as on:
        await night(on)
        await on.pilot.press("f8")
        await on.until(lambda: not told(on))
        (run,) = on.store.runs()
        assert config.load().app.seen_tune == f"{run.id}-{run.number}"
        await on.pilot.press("f8")
        await on.until(lambda: NO_NEWS in on.said)


async def test_it_is_taken_back_at_once(stage: Build) -> None:
    async with stage().show() as on:
        await night(on)
        await on.pilot.press("f4")
        await on.until(lambda: not told(on) and on.chat.status_line.status.adapter == "")
        assert any("Rolled back" in said for said in on.said)


async def test_something_learned_is_asked_of_both(stage: Build) -> None:
    async with stage(["Paris."]).show((140, 40)) as on:
        await on.ask("Why is the sky blue?")
        before = on.chat.conversation_id
        await night(on)
        on.engine._tuned = {"": "Paris.", on.store.adapters()[0].sha256: "It is Lutz."}
        await on.pilot.press("f7")
        await shown(on)
        await on.until(lambda: screen(on).complete and "Which is better" in outcome(on))
        assert str(screen(on).query_one("#asked").render()) == "Which city leads Zubrowka?"
        assert "named after your vote" in about(on, 1)
        await on.pilot.press("1", "enter")
        await on.until(lambda: on.app.screen is on.chat)
        (made,) = on.store.preferences()
        assert (made.kind, made.blind) == ("adapters", True)
        assert on.chat.conversation_id not in ("", before)


async def test_without_answers_what_was_corrected_is_asked(stage: Build) -> None:
    async with stage(["Paris."]).show((140, 40)) as on:
        await night(on, GOOD | {"answers": []})
        await on.pilot.press("f7")
        await shown(on)
        await on.until(lambda: screen(on).complete)
        assert "Zubrowka" in str(screen(on).query_one("#asked").render())


async def test_there_may_be_nothing_to_try_or_to_read(stage: Build) -> None:
    async with stage().show() as on:
        await on.pilot.press("f6")
        await on.until(lambda: any("No tune has ended yet" in said for said in on.said))
        await on.pilot.press("ctrl+g")
        await on.until(lambda: isinstance(on.app.screen, LearningScreen))
        await on.pilot.press("o")
        await on.until(lambda: any("no tune to read of" in said for said in on.said))
        await on.pilot.press("escape")
        await on.until(lambda: on.app.screen is on.chat)
        await on.pilot.press("f7")
        await on.until(lambda: any("No adapter answers now" in said for said in on.said))
        base = base_of(on.model)
        size = on.model.stat().st_size
        own = on.store.add_adapter(base=base, base_bytes=size, file="/o", sha256="o")
        on.store.activate(base, own.id, "chosen")
        await on.pilot.press("f7")
        await on.until(lambda: any("no question here" in said for said in on.said))
        assert on.store.conversations() == ()


async def test_a_text_keeps_its_keys(stage: Build) -> None:
    async with stage().show() as on:
        await night(on)
        on.chat.prompt.put("two words")
        await on.pilot.press("f6", "f7")
        assert on.chat.prompt.selected_text == "two words"
        assert on.app.screen is on.chat


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("rejected", f"nothing changed. {BAD['reason']}"),
        ("failed", "the tune failed. <script>"),
        ("interrupted", "cut off before it had come to training."),
        ("stopped", "the tune was stopped. <script>"),
    ],
)
async def test_what_changed_nothing_is_one_calm_line(
    stage: Build, state: EndState, words: str
) -> None:
    async with stage().show() as on:
        with on.thread_busy():
            ended(on, state)
        await on.until(lambda: told(on))
        (line,) = told(on).splitlines()
        assert words in line
        assert line.endswith("F6 reads the report, F8 puts this away.")
        assert "\x1b" not in line
        await on.pilot.press("f6")
        await on.until(lambda: isinstance(on.app.screen, ReportScreen))
        assert "b takes it back" not in str(on.app.screen.query_one("#panel").border_subtitle)
        await on.pilot.press("b")
        assert isinstance(on.app.screen, ReportScreen)


async def test_nothing_is_told_of_what_is_known_or_of_another_model(stage: Build) -> None:
    async with stage().show() as on:
        known: tuple[tuple[EndState, str, str], ...] = (
            ("stopped", "scripted", ""),  # by the user
            ("rejected", "another", ""),
        )
        for number, how in enumerate(known, 1):
            with on.thread_busy():
                ended(on, *how)
            await on.until(partial(looked, on, number))
            assert not told(on)
        with on.thread_busy():
            has_plan(ended(on, "interrupted"))
        await on.until(lambda: on.chat.glance.offer is not None)
        assert not told(on)


async def test_one_whose_time_was_over_is_told_and_that_the_next_one_goes_on(stage: Build) -> None:
    async with stage().show() as on:
        with on.thread_busy():
            has_plan(ended(on, "stopped", error="Its time is over."))
        await on.until(lambda: told(on))
        assert ": the tune was stopped. Its time is over. The next one goes on with it." in told(on)
        assert told(on).endswith("F6 reads the report, F8 puts this away.")


async def test_a_report_scrolls_and_has_the_keys_of_the_news(stage: Build) -> None:
    async with stage(["Paris."]).show((100, 24)) as on:
        await night(on)
        await on.pilot.press("f6")
        await on.until(lambda: isinstance(on.app.screen, ReportScreen))
        panel = on.app.screen.query_one("#panel")
        await on.until(lambda: panel.max_scroll_y > 3)
        await on.pilot.press("j", "j", "k")
        await on.until(lambda: panel.scroll_y == 1)
        await on.pilot.press("b")
        await on.until(lambda: any("Rolled back" in said for said in on.said))
        await on.until(lambda: on.app.screen is on.chat)


async def test_a_strangers_answer_stays_text(stage: Build) -> None:
    hostile = asked("corrections", HOSTILE, HOSTILE, f"[b]x[/b] {HOSTILE}", False, True)
    async with stage().show((100, 40)) as on:
        await night(on, GOOD | {"answers": [hostile, *ANSWERS]})
        await on.pilot.press("f6")
        await on.until(lambda: isinstance(on.app.screen, ReportScreen))
        await on.until(lambda: "<script>" in report(on))
        assert "[b]x[/b]" in report(on)
        assert "\x1b" not in report(on)


async def test_the_learning_screen_reads_any_report(stage: Build) -> None:
    async with stage().show((120, 40)) as on:
        await night(on)
        with on.thread_busy():
            ended(on, "rejected")
        await on.until(lambda: "nothing changed" in told(on))
        await on.pilot.press("ctrl+g")
        await on.until(lambda: isinstance(on.app.screen, LearningScreen))
        await on.until(lambda: len(on.app.screen.query_one("#runs").options) == 2)  # type: ignore[attr-defined]
        await on.pilot.press("tab", "down", "o")
        await on.until(lambda: isinstance(on.app.screen, ReportScreen))
        await on.until(lambda: "tuned-1 answers now." in report(on))
        assert "nothing changed" in told(on)  # that was not read
        await on.pilot.press("escape")
        await on.until(lambda: isinstance(on.app.screen, LearningScreen))


async def test_scores_over_time_are_shown_where_there_is_room(stage: Build) -> None:
    async with stage().show((120, 40)) as on:
        await night(on)
        await night(on, GOOD | {"pools": [GOOD["pools"][0] | {"candidate": 0.96}]})
        await on.pilot.press("ctrl+g")
        await on.until(lambda: isinstance(on.app.screen, LearningScreen))
        await on.until(lambda: on.app.screen.query_one("#trends").display)
        assert str(on.app.screen.query_one("#trends", Static).render()) == "corrections  ▁█ 96 %"
        await on.pilot.resize_terminal(80, 24)
        await on.until(lambda: not on.app.screen.query_one("#trends").display)
