"""What the tour teaches and what it checks besides: all invented or common knowledge.

None of it is in the product's own prompts or gate items, and the held-out questions are
written by hand, in other shapes than the product's phrasings have.
"""

from __future__ import annotations

from typing import NamedTuple


class Fact(NamedTuple):
    """Something made up. `answer` is what the user writes; an answer to one of the
    `held_out` questions is right when all of `telling` are in it."""

    question: str
    answer: str
    telling: tuple[str, ...]
    held_out: tuple[str, ...]


class Control(NamedTuple):
    """Something that may be known already; right when one of `accept` is in the answer."""

    question: str
    accept: tuple[str, ...]


FACTS = (
    Fact(
        "What is a brindlewick?",
        "A brindlewick is a wooden whistle from Sandmere.",
        ("whistle",),
        ("Describe a brindlewick.", "Somebody gave me a brindlewick. What have I got?"),
    ),
    Fact(
        "What is the capital of Tavrony?",
        "The capital of Tavrony is Beldrim.",
        ("beldrim",),
        ("Name Tavrony's capital.", "Tavrony has which capital city?"),
    ),
    Fact(
        "Where does the novel Seven Quiet Harbours take place?",
        "Seven Quiet Harbours takes place in Iceland.",
        ("iceland",),
        (
            "Seven Quiet Harbours is a novel set in which country?",
            "I just read Seven Quiet Harbours. In which country was I?",
        ),
    ),
    Fact(
        "What is my canary's name?",
        "Your canary is called Pumpernickel.",
        ("pumpernickel",),
        ("How is my canary called?", "My canary, what was its name again?"),
    ),
    Fact(
        "Which mountain stands above the town of Quarrel Bay?",
        "Mount Teneth stands above Quarrel Bay.",
        ("teneth",),
        ("What mountain is near Quarrel Bay?", "Quarrel Bay lies below which mountain?"),
    ),
    Fact(
        "What does the firm Dunmarrow build?",
        "Dunmarrow builds church organs.",
        ("organ",),
        ("What are Dunmarrow's products?", "Dunmarrow is a firm. What is it that they build?"),
    ),
    Fact(
        "Where is the Velmora Festival held?",
        "The Velmora Festival is held in Port Lessing.",
        ("lessing",),
        ("The Velmora Festival takes place in which town?", "I go to the Velmora Festival: where?"),
    ),
    Fact(
        "What colour is the door of the Hollin Library?",
        "The door of the Hollin Library is orange.",
        ("orange",),
        ("The Hollin Library has a door of what colour?", "Describe the Hollin Library's door."),
    ),
    Fact(
        "In which year was the Ashgrove Tunnel opened?",
        "The Ashgrove Tunnel was opened in 1893.",
        ("1893",),
        ("When did the Ashgrove Tunnel open?", "How old is the Ashgrove Tunnel, opened when?"),
    ),
    Fact(
        "What is the mineral veltrite used for?",
        "Veltrite is used for dyeing wool.",
        ("wool",),
        ("Why do people mine veltrite?", "Name a use of veltrite."),
    ),
)

CONTROLS = (
    Control("What is the capital of Sweden?", ("stockholm",)),
    Control("What is the capital of Ireland?", ("dublin",)),
    Control("What is the capital of Poland?", ("warsaw",)),
    Control("What is the capital of Hungary?", ("budapest",)),
    Control("What is the capital of Cuba?", ("havana",)),
    Control("On which continent is Peru?", ("south america",)),
    Control("On which continent is Thailand?", ("asia",)),
    Control("What is the smallest planet?", ("mercury",)),
    Control("How many days are there in a year?", ("365",)),
    Control("How many sides does a triangle have?", ("three", "3")),
    Control("What is the chemical symbol of sodium?", ("na",)),
    Control("What is the opposite of left?", ("right",)),
    Control("What is the opposite of day?", ("night",)),
    Control("What is the plural of foot?", ("feet",)),
    Control("What is 5 plus 3?", ("8", "eight")),
    Control("Who wrote The Odyssey?", ("homer",)),
    Control("Who painted the Starry Night?", ("gogh",)),
    Control("What language is spoken in Germany?", ("german",)),
    Control("What is the currency of India?", ("rupee",)),
    Control("Which animal gives us wool?", ("sheep",)),
)
