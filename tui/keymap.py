"""Every action of the app, once: bindings, help screen and command palette come from here."""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import Binding, BindingType

from tui.action import TITLES, Action, Area
from tui.screen_keys import SCREENS

__all__ = [
    "ACTIONS",
    "HINTS",
    "PROMPT_HELP",
    "TITLES",
    "Action",
    "Area",
    "bindings",
    "key_names",
    "palette",
]

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
    Action(
        "anywhere",
        "f6",
        "screen.read_report",
        "Read what the last tune did",
        "Read the report of the last tune (while the prompt is empty)",
    ),
    Action(
        "anywhere",
        "f7",
        "screen.try_learned",
        "Try what was learned, blind",
        "Ask the bare model and the adapter something learned",
    ),
    Action("anywhere", "f8", "screen.put_away", "Put the news away", "Put the news of a tune away"),
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
    Action(
        "transcript",
        "v",
        "screen.compare",
        "Compare direct and step by step",
        "Answer both directly and step by step, side by side",
    ),
    Action(
        "transcript",
        "b",
        "screen.compare_blind",
        "Compare with the bare model, blind",
        "The bare model against the adapter in force; names after your vote",
    ),
    Action(
        "transcript",
        "V",
        "screen.compare_base",
        "Compare with the bare model",
        "The bare model against the adapter in force, by name",
    ),
    Action(
        "transcript",
        "w",
        "screen.sure",
        "Sure?",
        "Sure? Ask five more times, and see whether it says the same",
    ),
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
    *SCREENS,
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
    names = {"question_mark": "?", "escape": "esc", "equals_sign": "="}
    return " or ".join(names.get(key, key) for key in keys.split(","))
