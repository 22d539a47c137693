from __future__ import annotations

from collections import Counter

import pytest

from tui.app import LocalaiApp
from tui.keymap import ACTIONS, Action, Area, key_names, palette
from tui.screens.better import BetterScreen
from tui.screens.chat import ChatScreen
from tui.screens.compare import CompareScreen
from tui.screens.editor import EditorScreen
from tui.screens.export import ExportScreen
from tui.screens.forget import ForgetScreen
from tui.screens.help import help_text
from tui.screens.imports import ImportScreen
from tui.screens.learning import LearningScreen
from tui.screens.reasons import ReasonsScreen
from tui.screens.report import ReportScreen
from tui.screens.review import ReviewScreen
from tui.screens.search import SearchScreen
from tui.screens.sure import SureScreen
from tui.screens.task import TaskScreen
from tui.screens.tool_choice import ToolChoiceScreen
from tui.widgets.sidebar import Sidebar
from tui.widgets.transcript_input import Transcript

OWNERS: dict[str, type] = {"screen": ChatScreen, "app": LocalaiApp}
AREAS: dict[Area, type] = {
    "transcript": Transcript,
    "conversations": Sidebar,
    "editor": EditorScreen,
    "reasons": ReasonsScreen,
    "tool": ToolChoiceScreen,
    "better": BetterScreen,
    "compare": CompareScreen,
    "sure": SureScreen,
    "learning": LearningScreen,
    "report": ReportScreen,
    "review": ReviewScreen,
    "search": SearchScreen,
    "task": TaskScreen,
    "import": ImportScreen,
    "export": ExportScreen,
    "forget": ForgetScreen,
}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda a: f"{a.area}-{a.action}")
def test_every_action_exists(action: Action) -> None:
    namespace, _, name = action.action.rpartition(".")
    owner = OWNERS.get(namespace) or AREAS[action.area]
    assert callable(getattr(owner, f"action_{name.partition('(')[0]}"))


def test_no_key_means_two_things_in_one_place() -> None:
    keys = Counter((a.area, key) for a in ACTIONS for key in a.keys.split(",") if key)
    assert [key for key, count in keys.items() if count > 1] == []


def test_the_help_names_every_key() -> None:
    text = help_text().plain
    assert all(key_names(a.keys) in text and a.help in text for a in ACTIONS if a.keys)


def test_the_palette_has_no_two_alike() -> None:
    titles = [action.title for action in palette()]
    assert len(titles) == len(set(titles))
