"""Questions for the calculator: wordings of a file, with numbers drawn."""

from __future__ import annotations

import re
from collections.abc import Iterable

from localai.errors import ToolError
from localai.evals.task import Example, Pool
from localai.evals.tool_questions.drawing import Draw, words
from localai.evals.tool_questions.wordings import made, wordings
from localai.tools.builtin import arithmetic, notation
from localai.tools.builtin.calculator import shown
from localai.tools.builtin.functions import Number

TOOL = "calculator"

LONGEST = 11
"""Characters of a result: who copies one of these copies any."""

DIGITS = (1, 2, 2, 2, 3, 3, 3, 4, 4, 5)
"""How many a whole number has: what people calculate with has mostly two or three."""

_LETTER = re.compile(r"\{(\w)\}")


class Numbers(dict[str, str]):
    """What the letters of one question stand for, drawn when they are first asked for."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self.words: dict[str, str] = {}

    def draw(self, letters: Iterable[str]) -> None:
        """Draw what these stand for, where it was not yet."""
        for letter in letters:
            self[letter] = self[letter]

    def __missing__(self, letter: str) -> str:
        self[letter] = found = self._drawn(letter)
        return found

    def _drawn(self, letter: str) -> str:
        draw = self._draw
        if letter in "abc":
            return str(self._of_digits(draw.random.choice(DIGITS)))
        if letter in "xy":
            return f"{draw.whole(1, 999)}.{draw.whole(1, 9)}"
        if letter in "mq":
            return f"{draw.whole(100, 9995) / 100:.2f}"
        if letter in "uv":
            number = draw.whole(2, 99)
            self.words[letter] = words(number)
            return str(number)
        if letter == "D":
            return str(int(self["k"]) * self._of_digits(draw.random.choice((1, 2, 3))))
        if letter == "Z":
            return str(draw.whole(4, 120) ** 2)
        ranges = {"B": (200, 9999), "n": (2, 60), "k": (2, 60), "p": (2, 95), "s": (2, 12)}
        return str(draw.whole(*ranges.get(letter, (2, 12))))

    def _of_digits(self, digits: int) -> int:
        return self._draw.whole(max(2, 10 ** (digits - 1)), 10**digits - 1)


def sums(pool: Pool, count: int) -> list[Example]:
    """So many questions, every wording in turn."""
    draw, found = Draw(pool, TOOL), dict[str, Example]()
    templates = list(wordings(TOOL)[pool])
    while len(found) < count:
        draw.random.shuffle(templates)
        for template in templates:
            example = _question(draw, *template)
            found.setdefault(example.question, example)
    return [*found.values()][:count]


def value(expression: str) -> Number | bool | None:
    """What the calculator makes of it; None where it makes nothing."""
    try:
        return arithmetic.value(notation.plain(expression))
    except ToolError:
        return None


def _question(draw: Draw, ask: str, expression: str, *say: str) -> Example:
    """The wording with numbers whose result is not too long."""
    while True:
        numbers = Numbers(draw)
        numbers.draw(_LETTER.findall(ask))
        written = expression.format_map(numbers)
        result = value(written)
        if result is not None and len(shown(result)) <= LONGEST:
            break
    things = wordings(TOOL)
    told = {
        **numbers,
        **numbers.words,
        "thing": draw.one(things["things"]),
        "shop": draw.one(things["shops"]),
        "result": "{result}",
    }
    return made(
        ask.format_map(told),
        kind=TOOL,
        tool=TOOL,
        arguments={"expression": written},
        say=[each.format_map(told) for each in say],
    )
