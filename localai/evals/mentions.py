"""Numbers and names in running text: where they stand and what they say.

Pure. Which of them is the answer is told in `final_answer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

import msgspec

PLAIN = (
    (re.compile(r"\\[dt]?frac\s*\{\s*(-?\d+)\s*\}\s*\{\s*(\d+)\s*\}"), r"\1/\2"),
    (re.compile(r"\\(?:text|mathrm|mathbf|textbf)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\(?:times|cdot)"), "\u00d7"),
    (re.compile(r"\\([%$])"), r"\1"),
    (re.compile(r"\{,\}|(?<=\d)[\u00a0\u202f\u2009](?=\d{3}\b)"), ","),
    (re.compile(r"\\[()\[\],;! ]"), " "),
    (re.compile(r"[\u2212\u2010\u2011]"), "-"),
    (re.compile(r"[\u2018\u2019]"), "'"),
    (re.compile(r"[\u201c\u201d]"), '"'),
    (re.compile(r"\*{2,3}(?!\s*\d)|(?<!\d)(?<!\d\s)\*{2,3}"), ""),
    (re.compile(r"(?<![\w*)])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<!\w)_{1,2}(?=\w)|(?<=\w)_{1,2}(?!\w)|`"), ""),
)
"""How LaTeX, print and Markdown write what is meant, and how it is read here; a "*" between
numbers stays."""

SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
    *("seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
WORTH = {word: at for at, word in enumerate(SMALL)}
WORTH |= {word: 20 + 10 * at for at, word in enumerate(TENS)}
SCALES = {"hundred": 100, "thousand": 1000}
_WORD = "|".join((*WORTH, *SCALES))
_SIGN = r"(?:(?<![\w).])-\s?|\b(?:minus|negative)\s+)?"
_WHOLE = r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)"
NUMBER = re.compile(
    rf"""(?<!\d:)(?<!\d\.)(?<!\d,)(?P<sign>{_SIGN})(?P<money>[$€£]\s?)?(?:
    (?<![\w.,])(?P<digits>(?:{_WHOLE}\s\d+/\d+ | {_WHOLE}(?:/\d+|\.\d+)? | \.\d+))
      (?![\d]|[.,:/]\d|(?:st|nd|rd|th|x)\b)
    | \b(?P<words>(?:{_WORD})(?:(?:[\s-]|\sand\s)(?:{_WORD}))*)\b)""",
    re.IGNORECASE | re.VERBOSE,
)

UNITS = {
    "%": "% percent",
    "dollar": "dollar dollars $ usd",
    "cent": "cent cents ¢",
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre centimetres",
    "m": "m meter meters metre metres",
    "km": "km kilometer kilometers kilometre kilometres",
    "g": "g gram grams",
    "kg": "kg kilogram kilograms kilo kilos",
    "ml": "ml milliliter milliliters millilitre millilitres",
    "l": "l liter liters litre litres",
    "second": "second seconds sec s",
    "minute": "minute minutes min mins",
    "hour": "hour hours h hr hrs",
    "day": "day days",
    "week": "week weeks",
    "month": "month months",
    "year": "year years",
}
UNIT = {word: unit for unit, words in UNITS.items() for word in words.split()}
"""What a unit is called -> the unit."""


class Mention(msgspec.Struct, frozen=True):
    """Something that stands at `start` to `end`; `value` is what it says: a number in digits, or
    a candidate as it was given. `unit` is the unit that is told with a number."""

    start: int
    end: int
    value: str
    unit: str = ""


def plain(text: str) -> str:
    """The text with LaTeX and typographic characters as they are typed, and without emphasis."""
    for pattern, instead in PLAIN:
        text = pattern.sub(instead, text)
    return text


def numbers(text: str) -> list[Mention]:
    """Every number of a plain text, in order. One in words counts as one in digits does; "one"
    only where there is one other word at most."""
    found = []
    for match in NUMBER.finditer(text):
        words = (match["words"] or "").lower()
        if words == "one" and len(text.split()) > 2:
            continue
        value = _in_digits(words) if words else match["digits"].replace(",", "")
        sign = "-" if match["sign"] else ""
        unit = UNIT["$"] if (match["money"] or "").strip() == "$" else _unit_after(text, match)
        found.append(Mention(match.start(), match.end(), sign + value, unit))
    return found


def candidates(text: str, names: Iterable[str]) -> list[Mention]:
    """Every mention of one of these names as a whole word, in order; names that are numbers are
    found by what they are worth."""
    worth = {amount(name): name for name in names if amount(name) is not None}
    if worth:
        return [
            Mention(each.start, each.end, worth[amount(each.value)])
            for each in numbers(text)
            if amount(each.value) in worth
        ]
    known = {name.lower(): name for name in names}
    pattern = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    return [
        Mention(match.start(), match.end(), known[match[0].lower()])
        for match in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text, re.IGNORECASE)
    ]


def amount(value: str) -> Fraction | None:
    """What a number in digits is worth: "-3", "2.50", "3/4", "1 3/4"; None for anything else, and
    for a division that comes out even: that is a sum to be done, not a number."""
    match = re.fullmatch(r"(-?)(?:(\d+)\s)?(\d*\.?\d+)(?:/(\d+))?", value.replace(",", ""))
    if not match:
        return None
    sign, whole, above, below = match.groups()
    if below and (int(below) == 0 or "." in above):
        return None
    worth = Fraction(above) / int(below or 1)
    if below and worth.denominator == 1:
        return None
    return (-1 if sign else 1) * (int(whole or 0) + worth)


def _in_digits(words: str) -> str:
    """A number in words, in digits; "?" for words that are no number together."""
    total, part, room = 0, 0, 1000
    for word in re.split(r"[\s-]+", words):
        if word == "and":
            continue
        if word in SCALES:
            scale = SCALES[word]
            if scale == 1000:
                total, part, room = total + max(part, 1) * scale, 0, 1000
            else:
                part, room = max(part, 1) * scale, 100
        else:
            worth = WORTH[word]
            if worth >= room:
                return "?"
            part, room = part + worth, 10 if worth >= 20 else 1
    return str(total + part)


def _unit_after(text: str, match: re.Match[str]) -> str:
    after = re.match(r"[\s-]?(%|¢|[A-Za-z]+)", text[match.end() :])
    return UNIT.get(after[1].lower(), "") if after else ""


def sentences(text: str) -> Sequence[str]:
    """The sentences and lines of a text that are no questions."""
    pieces = re.split(r"(?<=[.!?])\s+|\n+", text)
    return [piece for piece in pieces if piece.strip() and not piece.rstrip().endswith("?")]
