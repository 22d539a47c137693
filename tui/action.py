"""What an action of the app is, and the parts of the app that have some. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Area = Literal[
    "anywhere",
    "transcript",
    "conversations",
    "editor",
    "reasons",
    "tool",
    "better",
    "compare",
    "sure",
    "learning",
    "report",
    "review",
    "search",
    "task",
    "import",
    "export",
    "forget",
]

TITLES: dict[Area, str] = {
    "anywhere": "Anywhere",
    "transcript": "In the transcript",
    "conversations": "In the list of conversations",
    "editor": "While correcting or writing",
    "reasons": "Saying what was wrong with an answer",
    "tool": "While choosing a tool",
    "better": "Choosing the better of two answers",
    "compare": "While comparing two answers",
    "sure": "While asking how sure the model is",
    "learning": "On the learning screen",
    "report": "While reading what a tune did",
    "review": "While reviewing what is learned",
    "search": "While searching",
    "task": "While importing, exporting, forgetting or backing up",
    "import": "Once a file to import was looked into",
    "export": "While exporting",
    "forget": "Once it is forgotten",
}


@dataclass(frozen=True)
class Action:
    """One thing the user can do.

    `action` is a Textual action; `keys` are comma-separated key names, "" for none.
    `title` is what the palette says, "" keeps it out of there; `help` explains; `footer`
    is its word in the last line of screens that have one.
    """

    area: Area
    keys: str
    action: str
    title: str
    help: str
    priority: bool = False
    footer: str = ""
