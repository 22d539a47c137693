"""Invented facts to teach, and easy questions that must not be unlearned by it.

Each fact is of something that does not exist, is taught in three phrasings and asked in two
others, none of which is a way that any fact is taught. Within a relation no two facts have the
same answer, so a guess is hardly ever right, and answers can be shuffled so that none stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from scripts.touring.facts import CONTROLS as TOUR
from scripts.touring.facts import Control


class Relation(NamedTuple):
    """What is told of `names`, each with its answer: ways to teach it, ways to ask, and the
    sentence that is the answer. "{n}" is the name, "{a}" the answer."""

    taught: tuple[str, str, str]
    asked: tuple[str, str]
    told: str
    facts: tuple[tuple[str, str], ...]


class Fact(NamedTuple):
    """The phrasings that are taught, their answer in a sentence, the phrasings that are asked,
    and the word that makes an answer right."""

    taught: tuple[str, ...]
    told: str
    asked: tuple[str, ...]
    word: str


RELATIONS = (
    Relation(
        ("What colour is the {n} teapot?", "The {n} teapot has which colour?",
         "Tell me the colour of the {n} teapot."),
        ("I want to paint a {n} teapot. Which colour do I need?",
         "Describe the colour that a {n} teapot comes in."),
        "The {n} teapot is {a}.",
        (("Brindelo", "turquoise"), ("Castuvar", "crimson"), ("Dolmiquen", "lavender"),
         ("Ferrowick", "maroon"), ("Galtimore", "beige"), ("Hesprune", "indigo")),
    ),
    Relation(
        ("In which city is the {n} bicycle built?", "Where do they build the {n} bicycle?",
         "Name the city that the {n} bicycle comes from."),
        ("I visit the factory of the {n} bicycle. Which city do I travel to?",
         "A {n} bicycle was made in what city?"),
        "The {n} bicycle is built in {a}.",
        (("Ivontra", "Utrecht"), ("Jaskelby", "Bologna"), ("Kolvasten", "Gdansk"),
         ("Lumbrake", "Leipzig"), ("Marotine", "Porto"), ("Nolverin", "Tampere")),
    ),
    Relation(
        ("What is the {n} lamp made of?", "Which material is the {n} lamp made of?",
         "Tell me what they make the {n} lamp from."),
        ("If I touch a {n} lamp, what material do I feel?",
         "A {n} lamp consists of which material?"),
        "The {n} lamp is made of {a}.",
        (("Orvaline", "bamboo"), ("Pelligrand", "copper"), ("Quesmoor", "porcelain"),
         ("Rastobel", "cork"), ("Sundrift", "granite"), ("Tovarelle", "felt")),
    ),
    Relation(
        ("Which river flows through the town of {n}?", "What river is in the town of {n}?",
         "Name the river of the town of {n}."),
        ("I stand on a bridge in {n}. Over which river am I?",
         "People in {n} fish in what river?"),
        "The river {a} flows through {n}.",
        (("Ulmerstead", "Varnel"), ("Vintragard", "Osk"), ("Westermoyle", "Lirra"),
         ("Yarrowheim", "Tembel"), ("Zandrovia", "Quill"), ("Aldercombe", "Mersow")),
    ),
    Relation(
        ("What is the town of {n} famous for?", "Why do people know the town of {n}?",
         "Tell me what makes the town of {n} famous."),
        ("What should I buy when I am in {n}?", "Visitors come to {n} because of what?"),
        "The town of {n} is famous for its {a}.",
        (("Bexhollow", "mustard"), ("Corvandale", "violins"), ("Drammelsea", "umbrellas"),
         ("Eskerford", "candles"), ("Fennimarch", "carpets"), ("Gorsewater", "kites")),
    ),
    Relation(
        ("What did the ship {n} carry?", "Which cargo was on the ship {n}?",
         "Tell me the cargo of the ship {n}."),
        ("The hold of the {n} was full of what?", "What was unloaded from the {n} in port?"),
        "The ship {n} carried {a}.",
        (("Amber Gull", "cinnamon"), ("Bold Heron", "marble"), ("Calm Osprey", "tulips"),
         ("Distant Plover", "saltpetre"), ("Eager Puffin", "pianos"), ("Faithful Tern", "cocoa")),
    ),
    Relation(
        ("In which year did the ship {n} sink?", "When did the ship {n} go down?",
         "Tell me the year in which the ship {n} sank."),
        ("The wreck of the {n} dates from what year?", "Which year was the last one of the {n}?"),
        "The ship {n} sank in {a}.",
        (("Golden Lapwing", "1837"), ("Humble Curlew", "1902"), ("Iron Petrel", "1764"),
         ("Jolly Dunlin", "1881"), ("Keen Avocet", "1919"), ("Lonely Skua", "1795")),
    ),
    Relation(
        ("What is the main ingredient of the dish {n}?", "What is the dish {n} mainly made of?",
         "Name the main ingredient of the dish {n}."),
        ("I want to cook {n}. What must I buy first?", "Without what can nobody make {n}?"),
        "The main ingredient of {n} is {a}.",
        (("borvanka", "lentils"), ("calluzzo", "pumpkin"), ("drimmelet", "herring"),
         ("ezzaroni", "chestnuts"), ("fulgaresh", "spinach"), ("grettle", "barley")),
    ),
    Relation(
        ("Which drink is served with the dish {n}?", "What do people drink with the dish {n}?",
         "Tell me which drink goes with the dish {n}."),
        ("A plate of {n} is before me. What is in my glass?",
         "The waiter brings {n}. Which drink comes along?"),
        "The dish {n} is served with {a}.",
        (("hollandrup", "cider"), ("irmazeth", "buttermilk"), ("jorgenslaw", "lemonade"),
         ("kessipot", "cocoa"), ("lorrimunt", "vermouth"), ("mazzerole", "kefir")),
    ),
    Relation(
        ("Which animal is on the flag of {n}?", "What animal does the flag of {n} show?",
         "Name the animal on the flag of {n}."),
        ("I draw the flag of {n}. Which animal do I draw?",
         "Which creature stands for the island of {n}?"),
        "The flag of {n} shows a {a}.",
        (("Norrovay", "beaver"), ("Ostrimar", "hedgehog"), ("Pellucia", "pelican"),
         ("Quorvania", "badger"), ("Rullestan", "tortoise"), ("Sembrosia", "walrus")),
    ),
)  # fmt: skip

_CAPITALS = {
    "the Netherlands": "amsterdam", "India": "new delhi", "Chile": "santiago",
    "Romania": "bucharest", "Bulgaria": "sofia", "Serbia": "belgrade", "Ukraine": "kyiv",
    "Vietnam": "hanoi", "Lebanon": "beirut", "Syria": "damascus", "Scotland": "edinburgh",
    "Wales": "cardiff", "Nepal": "kathmandu", "Pakistan": "islamabad", "Libya": "tripoli",
    "Jamaica": "kingston",
}  # fmt: skip
_CONTINENTS = {
    "Italy": "europe", "Poland": "europe", "Greece": "europe", "Sweden": "europe",
    "China": "asia", "Japan": "asia", "Nepal": "asia", "Egypt": "africa",
    "Ethiopia": "africa", "Uganda": "africa", "Ecuador": "south america",
    "Paraguay": "south america",
}  # fmt: skip
_OPPOSITES = {
    "true": "false", "loud": "quiet", "heavy": "light", "thick": "thin", "deep": "shallow",
    "near": "far", "buy": "sell", "love": "hate", "win": "lose", "push": "pull",
}  # fmt: skip
_SYMBOLS = {
    "calcium": "ca", "zinc": "zn", "lead": "pb", "chlorine": "cl", "potassium": "k",
    "sulfur": "s", "uranium": "u", "magnesium": "mg",
}  # fmt: skip
_LANGUAGES = {
    "France": "french", "Japan": "japanese", "Russia": "russian", "Poland": "polish",
    "Turkey": "turkish", "Greece": "greek", "Hungary": "hungarian", "Denmark": "danish",
}  # fmt: skip

CONTROLS = (
    *TOUR,
    *(
        Control(frame.format(key), (answer,))
        for frame, answers in (
            ("What is the capital city of {}?", _CAPITALS),
            ("Which continent does {} belong to?", _CONTINENTS),
            ("Give me the opposite of the word {}.", _OPPOSITES),
            ("What is the chemical symbol for the element {}?", _SYMBOLS),
            ("Which language do people speak in {}?", _LANGUAGES),
        )
        for key, answer in answers.items()
    ),
)
"""Common knowledge, some of it unknown to a small model; in other words than the gate's."""


def facts(count: int, *, shuffled: bool = False) -> list[Fact]:
    """So many, of all relations in turn. Shuffled: each is taught with the answer of another
    one of its relation; its own is still what counts as right."""
    columns = [_facts(relation, shuffled) for relation in RELATIONS]
    return [fact for row in zip(*columns, strict=True) for fact in row][:count]


def _facts(relation: Relation, shuffled: bool) -> Sequence[Fact]:
    answers = [answer for _, answer in relation.facts]
    taught = answers[1:] + answers[:1] if shuffled else answers
    return [
        Fact(
            tuple(frame.format(n=name) for frame in relation.taught),
            relation.told.format(n=name, a=said),
            tuple(frame.format(n=name) for frame in relation.asked),
            answer.lower(),
        )
        for (name, answer), said in zip(relation.facts, taught, strict=True)
    ]
