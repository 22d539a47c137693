"""Questions for an assistant that none of the shipped dialogues asks, and how an answer is read.

With words, an answer is right when it has one of them in it; without any, nobody judges more
than whether it is an answer at all. Plain rules over words, as the gate's own.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from localai.evals.judging import accepted, repeats
from localai.evals.task import Answer


class Question(NamedTuple):
    """What is asked; `accept` has the words of right answers."""

    text: str
    accept: tuple[str, ...] = ()


def _facts(told: str) -> list[Question]:
    """A line for each: the question, then its words."""
    lines = (line.split(" | ") for line in told.strip().splitlines())
    return [Question(text, tuple(words)) for text, *words in lines]


QUESTIONS = _facts("""
What is 2 + 2? | 4 | four
What is 6 + 3? | 9 | nine
How much is 5 times 2? | 10 | ten
What is 7 - 4? | 3 | three
Which number comes after 11? | 12 | twelve
What is the capital of Ireland? | dublin
What is the capital of Croatia? | zagreb
Which city is the capital of Cuba? | havana
On which continent is Brazil? | south america
In which country is Barcelona? | spain
Which planet has a great red spot? | jupiter
What do we call frozen water? | ice
How many days are in a week? | 7 | seven
How many legs does a cow have? | 4 | four
How many months has a year? | 12 | twelve
What is the opposite of tall? | short | small
What is the opposite of day? | night
What is the plural of dog? | dogs
Who wrote A Midsummer Night's Dream? | shakespeare
Who painted Sunflowers? | van gogh
What colour is the sky on a clear day? | blue
What colour is milk? | white
What do cows give us? | milk
Which animal is the king of the jungle? | lion
What is the first letter of the alphabet? | a
Which language is spoken in Germany? | german
What is the chemical symbol of calcium? | ca
Which star gives us light by day? | sun
Is a dog an animal? | yes
Is fire cold? | no | hot
How do I cook pasta?
How can I keep my plants alive?
How do I wash a woollen jumper?
How can I learn to swim?
How do I write a letter of thanks?
How do I keep milk fresh?
What can I do when I am nervous?
How do I fold a shirt?
Write a sentence about a river.
Write one sentence about winter.
Write a short note to my teacher.
Describe a beach in one sentence.
Tell me a short story about a bird.
Give me a title for a story about a boat.
Correct this sentence: They was late.
Put this into the past tense: We play football.
Make this polite: Give me water.
Say this in fewer words: I am of the opinion that it is cold.
Name three flowers.
Name two countries in Africa.
List three things that I need for camping.
Give me three names for a cat.
Name three musical instruments.
What is a bridge?
What does a gardener do?
Why do birds fly south in autumn?
What is a recipe?
What is the difference between a cup and a bowl?
Good day to you!
Hey, how are you?
Thank you very much!
Are you a robot?
I am hungry.
I am happy today.
What is my favourite colour?
Where did I leave my glasses?
What is the name of my aunt?
What will I do next summer?
How many people live in the town of Quorrenfeld?
What did my boss say this morning?
""")

_INVENTED = re.compile(
    r"<[^<>\s]{1,40}>|\[/?[A-Z_]{2,}\]|^\W*(?:user|assistant|model|system|human)\W*$"
    r"|^\W*(?:user|assistant|human)\s*:|^(?:Q|A):",
    re.IGNORECASE | re.MULTILINE,
)
"""A marker, or a line that gives somebody the word."""


def invents(text: str) -> bool:
    """Whether an answer shows a marker or a turn that nobody took."""
    return bool(_INVENTED.search(text))


def echoes(question: str, text: str) -> bool:
    """Whether an answer asks the question again, word for word, or goes in circles."""
    words, asked = _words(text), " ".join(_words(question))
    again = question.endswith("?") and asked in " ".join(words)
    return again or repeats(words)


def answers(question: str, text: str, *, ended: bool) -> bool:
    """Whether it is an answer: something said that ends by itself, and neither of the above."""
    said = bool(_words(text))
    return said and ended and not invents(text) and not echoes(question, text)


def right(question: Question, text: str) -> bool:
    """Whether an answer has one of the words."""
    return accepted(question.accept, Answer(text=text))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
