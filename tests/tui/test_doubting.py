"""Sure? The answer asked for again in a panel, and called made up from there."""

from __future__ import annotations

from collections.abc import Callable

from textual.widgets import TextArea

from localai.chat.amending import INVENTED
from localai.engine.scripted import Script
from tests.tui.stage import Stage
from tui.screens.editor import EditorScreen
from tui.screens.sure import SureScreen

Build = Callable[..., Stage]
REPLIES = ["It is Paris.", "Paris.", "It is Rome.", "Paris, of course.", "It is Oslo.", "Paris."]


def told(on: Stage) -> str:
    screen = on.app.screen
    assert isinstance(screen, SureScreen)
    return "\n".join(str(screen.query_one(name).render()) for name in ("#agreement", "#groups"))


async def sure(on: Stage) -> None:
    if not on.chat.transcript.has_focus:
        await on.pilot.press("escape")
    await on.pilot.press("w")
    await on.until(lambda: isinstance(on.app.screen, SureScreen))
    await on.until(lambda: on.app.screen.query("#groups"))


async def test_the_agreement_and_the_other_answers_show(stage: Build) -> None:
    async with stage(REPLIES).show() as on:
        await on.ask("What is the capital of France?")
        await sure(on)
        await on.until(lambda: told(on).startswith("●●●●○○  4 of 6 say the same"))
        assert "4\N{MULTIPLICATION SIGN}  this answer  It is Paris." in told(on)
        assert "1\N{MULTIPLICATION SIGN}  It is Rome." in told(on)
        await on.pilot.press("escape")
        await on.until(lambda: on.app.screen is on.chat)
        assert len(on.chat.transcript.items) == 2


async def test_what_is_made_up_becomes_a_careful_answer(stage: Build) -> None:
    async with stage(["She was a painter.", "He is a king.", "A town."]).show() as on:
        await on.ask("Who is Kelwin Prast?")
        await sure(on)
        await on.until(lambda: "1 of 6 say the same" in told(on))
        await on.pilot.press("m")
        await on.until(lambda: isinstance(on.app.screen, EditorScreen))
        assert on.app.screen.query_one(TextArea).text == INVENTED
        await on.pilot.press("ctrl+s")
        await on.until(lambda: on.store.corrections())
        assert on.store.corrections()[0].reason == "invented"


async def test_closing_ends_the_asking(stage: Build) -> None:
    held = Script("Paris it is", hold_at=1)
    async with stage(["Paris.", "Paris.", held, "Rome."]).show() as on:
        await on.ask("Capital of France?")
        await sure(on)
        await on.until(lambda: "2 of 2 say the same so far; 4 to come" in told(on))
        await on.until(on.engine.held.is_set)
        await on.pilot.press("escape")
        await on.until(lambda: on.app.screen is on.chat)
        on.engine.release()
        await on.ask("And of Italy?")
        assert len(on.engine.requests) == 4


async def test_an_answer_of_the_users_own_cannot_be_asked_for(stage: Build) -> None:
    async with stage(["She was a painter."]).show() as on:
        await on.ask("Who is Kelwin Prast?")
        await on.pilot.press("escape", "e")
        await on.until(lambda: isinstance(on.app.screen, EditorScreen))
        on.app.screen.query_one(TextArea).text = "I do not know."
        await on.pilot.press("ctrl+s")
        await on.until(lambda: on.store.corrections() and on.app.screen is on.chat)
        await sure(on)
        await on.until(lambda: "did not write this answer" in told(on))
