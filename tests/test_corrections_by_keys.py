"""Ten corrections typed in a real terminal, read back from what a tune would train on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localai.chat.amending import INVENTED
from localai.store.store import Store
from scripts.touring.app import PAUSE, Evening
from scripts.touring.terminal import Terminal

TYPED = (
    ("What is a brindlewick?", "A brindlewick is a wooden whistle."),
    ("Wie heißt der Fluss?", "Er heißt Müggelspree – größer als die Panke."),  # noqa: RUF001
    ("What is the octopus doing?", "It waves 🐙 and says 你好."),
    ("How do I write it?", "First line.\rSecond line, after enter.\r\r- a list"),
    ("What ends an answer?", "The marker <|im_end|> does, typed as text."),
    ("Who said so?", "user\rassistant"),
    ("What is my canary's name?", "Your canary is called Pumpernickel."),
    ("What is 7 * 6?", "7 * 6 = 42"),
)
INVENTIONS = ("Who is Kelwin Prast?", "Who is Marla Quenby?")


def judged_invented(terminal: Terminal, evening: Evening, store: Store, question: str) -> None:
    """Ask, and say in three keys that the answer was made up."""
    evening.ask(question)
    known = len(store.corrections())
    for keys in ("escape", "m", "m"):
        time.sleep(PAUSE)
        terminal.press(keys)
    terminal.until(lambda: terminal.shows("Correct the answer") or None, "the editor")
    terminal.press("save")
    terminal.until(lambda: len(store.corrections()) > known or None, "the correction")


@pytest.mark.model
def test_ten_corrections_reach_the_trainer_as_they_were_typed(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "LOCALAI_HOME": str(tmp_path),
        "LOCALAI_CHAT__MAX_TOKENS": "12",
    }
    program = [sys.executable, "-P", "-m", "localai"]
    with Terminal(program, environment) as terminal:
        terminal.until(lambda: (tmp_path / "localai.db").exists() or None, "the history")
        terminal.until(lambda: terminal.shows("Write a message") or None, "the prompt")
        with Store.open(tmp_path / "localai.db", readonly=True) as store:
            evening = Evening(terminal, store)
            for question, answer in TYPED:
                evening.ask(question)
                evening.correct(answer)
            for question in INVENTIONS:
                judged_invented(terminal, evening, store, question)
    told = subprocess.run(
        [*program, "tune", "--dry-run", "--json"], env=environment, check=True, capture_output=True
    )
    found = json.loads(told.stdout)
    wanted = [(question, answer.replace("\r", "\n")) for question, answer in TYPED]
    wanted += [(question, INVENTED) for question in INVENTIONS]
    assert [(each["question"], each["left_out"]) for each in found] == [
        (question, None) for question, _ in wanted
    ]
    for each, (_, answer) in zip(found, wanted, strict=True):
        assert {example["learned"] for example in each["examples"]} == {f"{answer}<|im_end|>"}
