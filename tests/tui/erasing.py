"""The steps of the tests that forget: what the dialog says, waiting for it, the word typed."""

from __future__ import annotations

from textual.widgets import Input, Static

from tests.tui.stage import Stage
from tui.screens.forget import ForgetScreen


def told(on: Stage, part: str = "lines") -> str:
    """What the dialog says."""
    if not isinstance(on.app.screen, ForgetScreen) or not on.app.screen.query("#keys"):
        return ""
    return str(on.app.screen.query_one(f"#{part}", Static).render())


async def listed(on: Stage) -> None:
    """Wait until the dialog asks for the word."""
    await on.until(lambda: told(on))
    await on.until(lambda: isinstance(on.app.screen.focused, Input))


async def confirm(on: Stage) -> None:
    """Type the word, and wait for the end."""
    await on.pilot.press(*"forget", "enter")
    await on.until(lambda: told(on).startswith("Forgotten."))
