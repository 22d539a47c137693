"""The dialogs of import, export, forgetting and backups as pictures, at two sizes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from localai import forgetting
from localai.port import lossless
from localai.store.store import Store
from tests.port import samples
from tests.tui.lessons import correct_all, promote
from tests.tui.pictures import SIZES, Scene, unchanged
from tests.tui.stage import Stage
from tui.screens.task import TaskScreen
from tui.widgets.path_input import PathInput


async def asked(on: Stage) -> TaskScreen:
    """The dialog, once it takes something in."""
    await on.until(lambda: isinstance(on.app.screen, TaskScreen))
    await on.until(lambda: isinstance(on.app.screen.focused, Input))
    screen = on.app.screen
    assert isinstance(screen, TaskScreen)
    screen.query_one(Input).cursor_blink = False
    return screen


async def importing(on: Stage) -> None:
    on.chat.action_import()
    await asked(on)


async def looked(on: Stage) -> None:
    """An export with our own corrections, and one of which some cannot be read."""
    with Store.open(on.database.parent / "other" / "localai.db") as other:
        correct_all(other)
        trees = [tree for id_ in other.conversation_ids() if (tree := other.tree(id_))]
        ours = on.database.parent / "exports" / "ours.json"
        ours.write_text("".join(lossless.write(trees)))
    on.chat.action_import()
    screen = await asked(on)
    screen.query_one(Input).value = "~/exports"
    await on.pilot.press("enter")
    await on.until(lambda: screen.query_one("#outcome").display)


async def half_way(on: Stage) -> None:
    on.chat.action_import()
    screen = await asked(on)
    screen.query_one(Input).value = "~/exports"
    screen.ask_no_more()
    screen.working = True
    screen.show(keys="esc stops")
    screen.post_message(TaskScreen.Moved(43, "43 % read, 12,345 messages"))


async def no_export(on: Stage) -> None:
    on.chat.action_import()
    screen = await asked(on)
    screen.query_one(Input).value = "~/nothing.json"
    await on.pilot.press("enter")
    await on.until(lambda: screen.query_one("#complaint").display)
    screen.query_one("#complaint").update("There is no file ~/nothing.json; check its name.")  # type: ignore[attr-defined]


async def exporting(on: Stage) -> None:
    await on.ask("Why is the sky blue?")
    on.chat.action_export()
    screen = await asked(on)
    screen.query_one(PathInput).value = "~/why-is-the-sky-blue.md"
    await on.pilot.press("down")
    await on.pilot.pause()


async def exported(on: Stage) -> None:
    await exporting(on)
    await on.pilot.press("enter")
    screen = on.app.screen
    await on.until(lambda: isinstance(screen, TaskScreen) and screen.finished)
    path = str(on.database.parent)
    lines = screen.query_one("#lines")
    lines.update(str(lines.render()).replace(path, "/somewhere"))  # type: ignore[attr-defined]


async def forgetting_all(on: Stage) -> None:
    on.chat.bridge.warm()
    correct_all(on.store)
    promote(on.store, on.model)
    await on.until(lambda: on.chat.status_line.status.adapter)
    await on.until(lambda: on.chat.status_line.status.state == "ready")
    on.app.clear_notifications()  # of the tune, where it was looked at while it was written down
    await on.until(lambda: on.chat.query_one("#morning").display)
    await on.pilot.press("f8")  # its news name the hour
    await on.until(lambda: not on.chat.query_one("#morning").display)
    on.chat.forget_mentions("the")
    await asked(on)


async def forgetting_light(on: Stage) -> None:
    await on.pilot.press("ctrl+l")
    await forgetting_all(on)


async def forgotten(on: Stage) -> None:
    await forgetting_all(on)
    await on.pilot.press(*"forget", "enter")
    screen = on.app.screen
    await on.until(lambda: isinstance(screen, TaskScreen) and screen.finished)
    await on.until(lambda: on.chat.status_line.status.state == "not loaded")
    await on.until(lambda: not on.chat.status_line.status.adapter)


async def backed_up(on: Stage) -> None:
    correct_all(on.store)
    on.chat.action_back_up()
    screen = await asked(on)
    screen.query_one(PathInput).value = "~/evening.tar"
    await on.pilot.press("enter")
    await on.until(lambda: screen.finished)


SCENES: list[Scene] = [
    importing,
    looked,
    half_way,
    no_export,
    exporting,
    exported,
    forgetting_all,
    forgetting_light,
    forgotten,
    backed_up,
]


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_dialog(
    scene: Scene,
    size: tuple[int, int],
    tmp_path: Path,
    snap_compare: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    made = "Forgotten. A clean backup was made: /somewhere/localai-clean.db. 2 files removed."
    monkeypatch.setattr(forgetting, "made", lambda done: made)
    (tmp_path / "exports").mkdir()
    talks = [samples.talk(), {"mapping": 5}, {"mapping": {}}, "x"]
    (tmp_path / "exports" / "chatgpt.json").write_text(json.dumps(talks))
    staged = Stage(tmp_path, ["Air scatters blue most."])
    assert unchanged(snap_compare, staged, size, scene)
