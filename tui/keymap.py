"""Every action of the app, once: bindings, help screen and command palette come from here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Area = Literal[
    "anywhere",
    "transcript",
    "conversations",
    "editor",
    "reasons",
    "tool",
    "better",
    "learning",
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
    "learning": "On the learning screen",
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


ACTIONS: tuple[Action, ...] = (
    Action("anywhere", "escape", "screen.leave", "", "Stop the answer; else go to the transcript"),
    Action("anywhere", "ctrl+n", "screen.new", "New conversation", "Start a new conversation"),
    Action("anywhere", "ctrl+b", "screen.sidebar", "Conversations", "Show or hide the list"),
    Action("anywhere", "ctrl+f", "app.search", "Search", "Search everything that was said"),
    Action("anywhere", "ctrl+r", "screen.regenerate", "Answer again", "Answer again"),
    Action("anywhere", "ctrl+s", "screen.stepwise", "Answer step by step", "Redo step by step"),
    Action(
        "anywhere",
        "ctrl+e",
        "screen.correct",
        "Correct answer",
        "Correct the last answer (while the prompt is empty)",
    ),
    Action("anywhere", "ctrl+g", "screen.learning", "Learning", "Corrections, tunes, adapters"),
    Action("anywhere", "f3", "app.review", "Review what is learned", "Accept, edit and reject"),
    Action("anywhere", "f4", "screen.roll_back", "Roll back", "Undo what the last tune changed"),
    Action(
        "anywhere",
        "f5",
        "screen.accept_offer",
        "Take up what is offered",
        "Take up what is offered above the prompt",
    ),
    Action(
        "anywhere",
        "f9",
        "screen.decline_offer",
        "Decline what is offered",
        "Decline it; teaching a model is not offered again",
    ),
    Action("anywhere", "ctrl+t", "screen.thinking", "Thinking: auto, on, off", "Switch thinking"),
    Action(
        "anywhere",
        "",
        "screen.thinking_budget",
        "Thinking budget",
        "Limit the tokens of reasoning before the model must answer",
    ),
    Action("anywhere", "", "screen.unload", "Unload the model", "Free the model's memory now"),
    Action("anywhere", "f2", "screen.rename", "Rename conversation", "Give it another title"),
    Action(
        "anywhere", "", "screen.import", "Import conversations", "Take in a file from elsewhere"
    ),
    Action("anywhere", "", "screen.export", "Export conversation", "Write it into a file"),
    Action(
        "anywhere",
        "",
        "screen.export_all",
        "Export all conversations",
        "Write all that are not deleted into one file",
    ),
    Action(
        "anywhere",
        "",
        "screen.forget",
        "Forget for good…",
        "Erase a conversation, or the message under the cursor, with every trace",
    ),
    Action("anywhere", "", "screen.back_up", "Back up now", "Put everything into one file"),
    Action(
        "anywhere",
        "ctrl+l",
        "screen.switch_theme",
        "Light or dark",
        "Switch between the light and the dark theme",
    ),
    Action("anywhere", "", "app.change_theme", "Choose a theme", "Choose among all themes"),
    Action("anywhere", "ctrl+p", "app.command_palette", "", "Search all commands"),
    Action("anywhere", "f1", "screen.help", "Help", "Show this help"),
    Action("anywhere", "ctrl+q", "app.quit", "Quit", "Quit; everything is saved", priority=True),
    Action("transcript", "j", "next_message", "", "Next message"),
    Action("transcript", "k", "previous_message", "", "Previous message"),
    Action("transcript", "g,home", "first", "", "First message"),
    Action("transcript", "G,end", "last", "", "Last message"),
    Action("transcript", "e", "screen.correct", "", "Correct the answer; it is learned from"),
    Action(
        "transcript",
        "u",
        "screen.take_back",
        "Take back correction",
        "Take the correction or mark back; else undo a delete",
    ),
    Action(
        "transcript",
        "a",
        "screen.ask_instead",
        "Ask instead",
        "Change the question and ask that instead",
    ),
    Action(
        "transcript",
        "m",
        "screen.judge",
        "Judge answer",
        "Say what was right or wrong: good, bad, made up, tool, too long",
    ),
    Action(
        "transcript",
        "n",
        "screen.keep_note",
        "Keep as a note",
        "Keep the answer in your notes, too",
    ),
    Action(
        "transcript",
        "f",
        "screen.fork",
        "Fork from here",
        "Fork: a new conversation goes on from here",
    ),
    Action("transcript", "r", "screen.regenerate", "", "Answer again; restart after a crash"),
    Action("transcript", "s", "screen.stepwise", "", "Redo step by step"),
    Action("transcript", "left", "screen.sibling(-1)", "Previous answer", "Previous alternative"),
    Action("transcript", "right", "screen.sibling(1)", "Next answer", "Next alternative"),
    Action("transcript", "y", "screen.copy_answer", "Copy answer", "Copy the answer"),
    Action("transcript", "c", "screen.copy_code", "Copy code", "Copy its last code block"),
    Action("transcript", "i", "screen.inspect", "Inspect answer", "What was sent, and how it went"),
    Action("transcript", "D", "screen.forget", "", "Forget the message and what follows for good"),
    Action("transcript", "o,space", "fold", "", "Fold or unfold reasoning and calls"),
    Action("transcript", "enter,tab", "screen.write", "", "Go to the prompt"),
    Action("transcript", "question_mark", "screen.help", "", "Show this help"),
    Action("conversations", "enter", "select", "", "Open the conversation"),
    Action("conversations", "n", "screen.new", "", "Start a new conversation"),
    Action("conversations", "e", "screen.rename", "", "Rename"),
    Action("conversations", "d,delete", "screen.delete", "Delete conversation", "Delete"),
    Action("conversations", "u", "screen.undelete", "Undo delete", "Bring back what was deleted"),
    Action("conversations", "i", "screen.import", "", "Import conversations"),
    Action("conversations", "x", "screen.export", "", "Export the conversation"),
    Action("conversations", "D", "screen.forget", "", "Forget the conversation for good"),
    Action("conversations", "tab", "screen.write", "", "Go to the prompt"),
    Action("conversations", "question_mark", "screen.help", "", "Show this help"),
    Action("editor", "ctrl+s", "save", "", "Save what was written", footer="save"),
    Action("editor", "escape", "leave", "", "Leave; asks if the text was changed", footer="leave"),
    Action("reasons", "g", "choose('good')", "", "Good: learn it as it is"),
    Action("reasons", "b", "choose('bad')", "", "Bad: never learn it"),
    Action("reasons", "m", "choose('invented')", "", "Made up: say what is not known"),
    Action("reasons", "t", "choose('tool')", "", "It should have used a tool"),
    Action("reasons", "n", "choose('no-tool')", "", "It should not have used a tool"),
    Action("reasons", "s", "choose('shorter')", "", "Too long: ask for a shorter one"),
    Action("reasons", "e", "choose('edit')", "", "Edit it"),
    Action("reasons", "escape,q", "choose('')", "", "Close"),
    Action(
        "tool",
        "ctrl+s",
        "run",
        "",
        "Call the tool (enter in the list)",
        footer="call it (enter in the list, too)",
    ),
    Action("tool", "escape", "dismiss", "", "Leave", footer="leave"),
    Action("better", "1", "prefer(1)", "", "The first answer stays"),
    Action("better", "2", "prefer(2)", "", "The second one is better; it is learned"),
    Action("better", "escape", "prefer(0)", "", "The first answer stays"),
    Action("learning", "t", "tune", "", "Tune: learn from the corrections", footer="tune"),
    Action("learning", "g", "resume", "", "Go on with a tune that was cut off", footer="go on"),
    Action("learning", "s", "stop", "", "Stop the tune", footer="stop it"),
    Action("learning", "u,enter", "use", "", "Use the adapter under the cursor", footer="use"),
    Action("learning", "b,f4", "roll_back", "", "Back to what answered before", footer="roll back"),
    Action("learning", "r", "app.review", "", "Review what is learned", footer="review"),
    Action("learning", "escape,q,ctrl+g", "dismiss", "", "Close", footer="close"),
    Action("review", "a", "judge('accepted')", "", "Accept: it is learned", footer="accept"),
    Action("review", "r", "judge('rejected')", "", "Reject: it is not learned", footer="reject"),
    Action("review", "e", "edit", "", "Edit the answer or the dialogue", footer="edit"),
    Action("review", "u", "undo", "", "Undo the last decision, and those before", footer="undo"),
    Action("review", "space,enter", "next", "", "Next one that is pending"),
    Action("review", "f", "filter", "", "Pending, accepted, rejected, all", footer="filter"),
    Action("review", "s", "data_set", "", "Choose a data set", footer="set"),
    Action("review", "n", "new", "", "Write an example from scratch", footer="new"),
    Action("review", "A", "accept_set", "", "Accept all that is pending in the data set"),
    Action("review", "w", "way", "", "The tokens of another way to ask"),
    Action("review", "d", "drop", "", "Drop one of the model's ways to ask, or take it back"),
    Action("review", "t", "load", "", "Load the model, so that the tokens show"),
    Action("review", "J", "scroll(1)", "", "Scroll the example down"),
    Action("review", "K", "scroll(-1)", "", "Scroll the example up"),
    Action("review", "tab", "app.focus_next", "", "Between the list and the example"),
    Action("review", "question_mark", "help", "", "Show this help", footer="keys"),
    Action("review", "escape,q,f3", "close", "", "Close", footer="close"),
    Action("search", "enter", "open", "", "Go to the message"),
    Action("search", "up", "move('up')", "", "The message above"),
    Action("search", "down", "move('down')", "", "The message below"),
    Action("search", "pageup", "move('pageup')", "", "A page up"),
    Action("search", "pagedown", "move('pagedown')", "", "A page down"),
    Action("search", "f8", "forget", "", "Forget everything that has the words for good"),
    Action("search", "escape,ctrl+f", "leave", "", "Close"),
    Action("task", "enter", "go", "", "Go on; close once it is done"),
    Action("task", "tab", "complete", "", "Complete the path; else the next field"),
    Action("task", "pageup", "page(-1)", "", "Scroll up"),
    Action("task", "pagedown", "page(1)", "", "Scroll down"),
    Action("task", "escape", "leave", "", "Stop an import; else close"),
    Action("import", "t", "trust", "", "Learn from the corrections it brings, or do not"),
    Action("export", "up", "move(-1)", "", "The form above"),
    Action("export", "down", "move(1)", "", "The form below"),
    Action("forget", "t", "tune", "", "Tune: learn anew what is left"),
)

PROMPT_HELP: tuple[tuple[str, str], ...] = (
    ("enter", "Send"),
    ("ctrl+j", "New line (shift+enter where the terminal can tell)"),
    ("up", "On the first line: recall earlier prompts"),
    ("tab", "Go to the transcript"),
)


HINTS: dict[Area, str] = {
    "anywhere": "Write a message",
    "transcript": "e correct · m judge · r again · y copy · i inspect · ? keys · enter writes",
    "conversations": "enter opens · n new · d delete · ? keys",
}
"""What the empty prompt says while a part of the screen has the focus."""


def bindings(area: Area) -> list[BindingType]:
    """The key bindings of a part of the screen."""
    return [
        Binding(a.keys, a.action, a.footer or a.help, show=bool(a.footer), priority=a.priority)
        for a in ACTIONS
        if a.area == area and a.keys
    ]


def palette() -> Iterator[Action]:
    """The actions that the command palette offers, each once."""
    return (action for action in ACTIONS if action.title)


def key_names(keys: str) -> str:
    """Keys as a reader writes them: "g,home" becomes "g or home"."""
    names = {"question_mark": "?", "escape": "esc"}
    return " or ".join(names.get(key, key) for key in keys.split(","))
