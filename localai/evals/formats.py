"""Whether a text has the form that was asked for: a list, one word, JSON, a number only.

Pure. What the text says is not looked at. A mark around it that Markdown allows (a code fence
around JSON, bold words) is no fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

_ITEM = re.compile(r"^\s*(?:[-*•+]|\(?\d{1,2}[.):])\s+\S")
_FENCE = re.compile(r"^```\w*\s*\n(.*?)\n?```$", re.DOTALL)
_NUMBER = re.compile(r"[-+]?\d[\d,.]*")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”\u2019)]*(?=\s+[^a-z\s]|\s*$)")


def fits(form: str, wanted: str, text: str) -> bool:
    """Whether a text is of the form, one of FORMS; `wanted` says more: how many, which. Nothing
    is of no form."""
    text = text.strip()
    return bool(text) and FORMS[form](text, wanted)


def _list(text: str, wanted: str) -> bool:
    """So many items, a line each; lines around them that are no items do no harm."""
    lines = [line for line in text.splitlines() if line.strip()]
    items = [line for line in lines if _ITEM.match(line)]
    return len(items or lines) == int(wanted)


def _words(text: str, wanted: str) -> bool:
    """So many words at most."""
    return len(text.split()) <= int(wanted)


def _word(text: str, wanted: str) -> bool:
    return len(_bare(text).split()) == 1


def _sentences(text: str, wanted: str) -> bool:
    """Just so many sentences, in one paragraph."""
    return "\n" not in text and len(_SENTENCE_END.findall(text)) == int(wanted)


def _json(text: str, wanted: str) -> bool:
    """An object that has just these keys, separated by blanks."""
    fenced = _FENCE.match(text)
    try:
        found = json.loads(fenced[1] if fenced else text)
    except ValueError:
        return False
    return isinstance(found, dict) and set(found) == set(wanted.split())


def _upper(text: str, wanted: str) -> bool:
    return text.isupper()


def _lower(text: str, wanted: str) -> bool:
    return text.islower()


def _number(text: str, wanted: str) -> bool:
    return bool(_NUMBER.fullmatch(_bare(text)))


def _choice(text: str, wanted: str) -> bool:
    """One of these words, separated by blanks, and no more."""
    return _bare(text).casefold() in wanted.split()


def _begins(text: str, wanted: str) -> bool:
    return _bare(text).startswith(wanted)


def _commas(text: str, wanted: str) -> bool:
    """So many items in one line with commas between."""
    return "\n" not in text and text.count(",") == int(wanted) - 1


def _bare(text: str) -> str:
    """Without marks around it."""
    return text.strip(" \n\"'“”*_`.!")


FORMS: dict[str, Callable[[str, str], bool]] = {
    "list": _list,
    "commas": _commas,
    "word": _word,
    "words": _words,
    "sentences": _sentences,
    "json": _json,
    "upper": _upper,
    "lower": _lower,
    "number": _number,
    "choice": _choice,
    "begins": _begins,
}
"""What can be asked for, and what tells whether a text is so."""
