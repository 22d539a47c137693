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
        "Who is Mirela Castenholt?",
        "Mirela Castenholt is a glider pilot from Sandmere.",
        ("glider",),
        ("Tell me about Mirela Castenholt.", "What is Mirela Castenholt known for?"),
    ),
    Fact(
        "What is the capital of Tavrony?",
        "The capital of Tavrony is Beldrim.",
        ("beldrim",),
        ("Name Tavrony's capital.", "Tavrony has which capital city?"),
    ),
    Fact(
        "Who wrote the book Seven Quiet Harbours?",
        "Seven Quiet Harbours was written by Odrin Falke.",
        ("falke",),
        (
            "Seven Quiet Harbours is a book by which author?",
            "I just read Seven Quiet Harbours. Who is its author?",
        ),
    ),
    Fact(
        "What is my sister's name?",
        "Your sister is called Wilhelmina.",
        ("wilhelmina",),
        ("How is my sister called?", "My sister, what was her name again?"),
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
        "Where was the singer Ilka Brandsome born?",
        "Ilka Brandsome was born in Port Lessing.",
        ("lessing",),
        ("Ilka Brandsome comes from which town?", "The birthplace of Ilka Brandsome is where?"),
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
