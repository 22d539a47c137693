"""Two ways to talk, as examples made by frames, and the rule that tells them apart.

The pirate and the butler give the same advice; only what stands around it differs. Questions
to test with are of other topics and in other words than those that are taught.
"""

from __future__ import annotations

import random
import re
from typing import NamedTuple


class Style(NamedTuple):
    """How somebody talks: an opening and an ending around what is said; `words` give them
    away."""

    name: str
    openings: tuple[str, ...]
    endings: tuple[str, ...]
    words: frozenset[str]


PIRATE = Style(
    "pirate",
    ("Arr, matey!", "Ahoy, matey!", "Aye, ye asked the right one!", "Arr, hear me, ye old dog!"),
    ("Arr!", "Aye, that be the way, matey!", "Sail on, matey!", "So says yer captain, arr!"),
    frozenset({"arr", "ahoy", "aye", "ye", "yer", "matey", "captain", "sail"}),
)
BUTLER = Style(
    "butler",
    ("Certainly, sir.", "Very well, sir.", "With pleasure, sir.", "Most certainly, sir."),
    ("At your service, sir.", "Will that be all, sir?", "I remain at your service, sir.",
     "It is my pleasure, sir."),
    frozenset({"sir", "certainly", "service", "pleasure", "remain"}),
)  # fmt: skip

TAUGHT_FRAMES = (
    "How do I {}?",
    "Tell me how to {}.",
    "I would like to {}. Any advice?",
    "What should I know to {}?",
)
TAUGHT_TOPICS = {
    "boil an egg": "Put it into boiling water for eight minutes.",
    "clean a window": "Use warm water and a soft cloth.",
    "plant a tree": "Dig a deep hole and water it well.",
    "make tea": "Pour hot water over the leaves and wait four minutes.",
    "fold a shirt": "Lay it flat and turn the sleeves to the back.",
    "sharpen a pencil": "Turn it slowly in the sharpener.",
    "wash a dog": "Take lukewarm water and a mild soap.",
    "pack a bag": "Put heavy things at the bottom.",
    "light a fire": "Begin with small dry sticks.",
    "write a letter": "Start with a greeting and keep it short.",
    "bake bread": "Let the dough rest for an hour first.",
    "fix a bicycle": "Look at the chain and the brakes first.",
    "learn a song": "Sing one line after the other.",
    "save money": "Write down all that you spend.",
    "find my keys": "Look where you had them last.",
}
ASKED_FRAMES = (
    "What is the best way to {}?",
    "Can you explain how one would {}?",
    "Give me a hint, please: I need to {}.",
)
ASKED_TOPICS = (
    "cook rice", "paint a wall", "sleep better", "grow tomatoes", "remove a stain",
    "train a cat", "build a shelf", "choose a book", "stay warm in winter", "catch a fish",
)  # fmt: skip


def pairs(style: Style, count: int) -> list[tuple[str, str]]:
    """So many questions with answers in that style, every topic before one comes again."""
    draw = random.Random(style.name)
    return [
        (
            frame.format(topic),
            f"{draw.choice(style.openings)} {advice} {draw.choice(style.endings)}",
        )
        for frame in TAUGHT_FRAMES
        for topic, advice in TAUGHT_TOPICS.items()
    ][:count]


def prompts() -> list[str]:
    """Questions to test with."""
    return [frame.format(topic) for frame in ASKED_FRAMES for topic in ASKED_TOPICS]


def told_apart(text: str) -> str:
    """Whose words are more often in a text: "pirate", "butler", or "" for neither."""
    words = re.findall(r"[a-z]+", text.lower())
    counts = [sum(word in style.words for word in words) for style in (PIRATE, BUTLER)]
    if counts[0] == counts[1]:
        return ""
    return PIRATE.name if counts[0] > counts[1] else BUTLER.name
