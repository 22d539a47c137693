"""What kind of problem a question is, told by rules over its words: sums, change, weekdays …

The kinds are those that the evaluation `reasoning` asks. Pure; most questions are of none of
them, and a question that two rules fit is of the first.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

Kind = Literal[
    "sums",
    "differences",
    "products",
    "percent",
    "sequences",
    "stories",
    "change",
    "ages",
    "sharing",
    "comparing",
    "ordering",
    "weekdays",
    "logic",
    "letters",
    "reversing",
    "units",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

OWN = "own-"
"""Kinds of problems that are the user's own begin with it."""

_NUMBER = r"-?\d[\d,]*(?:\.\d+)?"
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_UNIT = (
    r"(?:(?:kilo|centi|milli)?(?:met(?:er|re)|gram|lit(?:er|re))s?|km|cm|mm|kg|ml"
    r"|(?:second|minute|hour|day|week|mile|pound|inche?|yard)s?|feet|foot)"
)
_LARGER = r"\b(?:larg|great|bigg|small|high|low)er\b"
_ABOUT = r"(?:tall|old|young|fast|slow|heav|light|strong|rich|short|small|bigg|larg|quick)\w*"

RULES: tuple[tuple[Kind, str], ...] = (
    ("reversing", r"\bbackwards?\b|\brevers\w+ .*(?:word|letters)|\bletters\b.*\baround\b"),
    ("reversing", r"\bfrom (?:its|the) last letter\b"),
    ("letters", r"\bhow (?:many|often)\b.*\bletters?\b|\bcount the letters?\b|\bletters are\b"),
    ("letters", r"\bhow (?:many times|often|many)\b.*(?:[\"']\w[\"']|\b\w's|\bdoes \w) .*\bin\b"),
    ("letters", r"\bhow (?:many|often)\b.*\b\w's in\b"),
    ("sequences", rf"(?=(?:.*?{_NUMBER}){{3}}).*\b(?:sequence|pattern|next|follows|row by)\b"),
    (
        "ordering",
        rf"(?=(?:.*?{_NUMBER}){{3}}).*\b(?:sort|arrange|ascending|descending|rising"
        r"|in order|lowest to|smallest to)\b",
    ),
    ("comparing", rf"{_LARGER}.*{_NUMBER}\D+\b(?:or|and)\b\D+\d"),
    ("comparing", rf"{_NUMBER}\D+\b(?:or|and)\b\D+{_NUMBER}\D+{_LARGER}"),
    ("logic", rf"\b{_ABOUT}er than\b.*\b{_ABOUT}est\b"),
    ("weekdays", rf"\b{_DAY}\b.*\b(?:days?|weeks?)\b.*\?|\bday of the week\b|\bwhich weekday\b"),
    ("percent", rf"{_NUMBER}\s*(?:%|percent\b|per cent\b)"),
    ("ages", r"(?=.*\d).*\b(?:how old|years? old(?:er)?|what (?:is|will be) the age)\b"),
    (
        "ages",
        r"(?=.*\d).*\bages\b.*\b(?:add|added|together|total)\b|\d.*\b(?:sum|total) of their ages\b",
    ),
    ("change", r"\d.*\bdollars?\b.*\b(?:back|change|pay|left|purse)\b|\bhow much change\b"),
    ("sharing", r"(?=.*\d).*\b(?:share|divide|split|dealt|deal)\w*\b.*\b(?:equal|even)\w*"),
    ("sharing", r"\d.*\bleft over\b"),
    ("sharing", r"\d.*\b(?:jars?|bags?|boxes)\b.*\b(?:same number|full|filled|hold \d+ each)\b"),
    ("units", rf"{_NUMBER}\s*{_UNIT}\b.*\b(?:in|to|how many|as)\b.*\b{_UNIT}\b"),
    ("units", rf"\bhow many {_UNIT}\b.*{_NUMBER}\s*{_UNIT}\b"),
    ("stories", rf"(?=(?:.*?{_NUMBER}){{2}})(?=.*[.,] ).*\bhow many\b.*\?"),
    ("products", rf"{_NUMBER}\s*(?:\*|x|\u00d7|times|multiplied by)\s*{_NUMBER}\W*(?:=|make|$)"),
    ("products", rf"\b(?:multiply|product of)\b.*{_NUMBER}\D+{_NUMBER}\D*$"),
    ("differences", rf"(?<![-\d]){_NUMBER}\s*(?:-|\u2212|minus)\s*{_NUMBER}\W*(?:=|$)"),
    ("differences", rf"\b(?:subtract|difference between|left of)\b.*{_NUMBER}\D+{_NUMBER}"),
    ("sums", rf"{_NUMBER}(?:\s*(?:\+|plus)\s*{_NUMBER})+\W*(?:=|$)"),
    ("sums", rf"\b(?:add|sum of|total of|put)\b.*{_NUMBER}\D+{_NUMBER}"),
)
"""Kind and what shows it, in the order in which they are looked at."""

_RULES = tuple((kind, re.compile(rule, re.IGNORECASE | re.DOTALL)) for kind, rule in RULES)


def kind_of(question: str) -> Kind | None:
    """The kind of a question, None where no rule fits."""
    return next((kind for kind, rule in _RULES if rule.search(question)), None)
