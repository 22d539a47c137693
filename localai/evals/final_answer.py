"""The final answer in a text: what somebody would write down who asked for it alone.

Pure, and strict: where a text leaves open which of several answers it gives, names one only to
deny it, or gives one as a guess about its size, there is none. So no answer is right because
the right one is somewhere in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from localai.evals.mentions import Mention, amount, candidates, numbers, plain, sentences

Kind = Literal["number", "choice", "list", "word"]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of answer a question wants.

    `options` are the candidates of a choice, or what is to be put in order, as it was given;
    for a word what is no answer. `unit` is what a number counts, if it counts as one of
    `mentions.UNITS`. In "A is larger than B", A is what is meant if "larger" is in `than`.
    """

    wants: Kind = "number"
    options: tuple[str, ...] = ()
    unit: str = ""
    than: tuple[str, ...] = ()


BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_HEAD = r"(?:(?:so|thus|hence|therefore),?\s+)?(?:the\s+|my\s+)?(?:(?:final|correct|right)\s+)?"
MARKED = re.compile(
    rf"^[\s#>-]*{_HEAD}answer\s*[:=]\s*([^\n]*)(?=\n+([^\n]+))?"
    r"|\b(?:the|my)\s+(?:final\s+|correct\s+|right\s+)?answer\s+is:?\s+([^\n]*?)(?:[.!](?=\s|$)|\n|$)",
    re.IGNORECASE | re.MULTILINE,
)
_LINK = (
    r"(?:[,;/|&+*x\u00d7\u00f7^()\[\]~\u2013\u2014<>-]|\b(?:or|and|to|maybe|perhaps|possibly|either"
    r"|also|then|plus|minus|times|divided by|through|until|versus|vs)\b)"
)
JOIN = re.compile(rf"\s+|(?:\s*[A-Za-z%\u00b0]+){{0,2}}?\s*{_LINK}(?:\s|{_LINK})*", re.IGNORECASE)
"""What stands between two members of a list, of a range or of a sum that is not done."""
AFTER_THAN = re.compile(r"\bthan\W+(?:the\W+)?$", re.IGNORECASE)
"""What is compared with is not what was asked for."""
SUPERLATIVE = re.compile(r"\bthe ([a-z]+est)\b", re.IGNORECASE)
OR = re.compile(r"\bor\b", re.IGNORECASE)
OPERATOR = re.compile(r"\s*[-+*/x\u00d7\u00f7^]\s*")
LINES = re.compile(r"[\s.,;|/-]*")
"""What stands between two members of a list of which each has its line."""
DENIED = re.compile(
    r"(?:\b(?:not|never|neither|nor|cannot|unlike|except)\b|n't\b|\binstead of\b|\brather than\b)"
    r"\W*(?:\w+\W+){0,3}$",
    re.IGNORECASE,
)
INEXACT = re.compile(
    r"(?:\b(?:more|less|fewer|greater|larger|smaller|higher|lower) than|\bat (?:least|most)"
    r"|\b(?:about|around|approximately|nearly|almost|over|under|roughly|up to|between)|[\u2248~<>])"
    r"\s*[$€£]?\s*$",
    re.IGNORECASE,
)
OPEN = re.compile(
    r"\b(?:wrong|incorrect|false|mistaken?|impossible|alternatively|otherwise"
    r"|(?:could|might|may) be)\b",
    re.IGNORECASE,
)
"""A sentence with it takes an answer back, or gives it as one of several."""
PIVOT = re.compile(r"\b(?:than|after|before|from|following)\b", re.IGNORECASE)
"""In "A is two days after B", A is told, by way of B."""


def right(text: str, answer: str, wanted: Wanted, *, ended: bool = True) -> bool:
    """Whether the final answer of a text is this one. One that did not end by itself has only
    what it marked as its answer, in a line that is whole."""
    found = final(text, wanted, ended=ended)
    if wanted.wants == "number":
        worth = amount(found)
        return worth is not None and worth == amount(answer)
    return bool(found) and found.lower() == answer.lower()


def final(text: str, wanted: Wanted, *, ended: bool = True) -> str:
    """The final answer: a number in digits, the candidate as it was given, the list joined by
    ", ", or the word; "" where there is none."""
    if not ended:
        text = text.rpartition("\n")[0]
    boxed = BOXED.findall(text)
    text = plain(BOXED.sub(r" \1 ", text))
    marked = [plain(each) for each in boxed] or _marked(text)
    if marked:
        found = {_read(each, wanted) for each in marked}
        return found.pop() if len(found) == 1 and not _taken_back(text) else ""
    return _read(text, wanted) if ended else ""


def _marked(text: str) -> list[str]:
    """What follows each "Answer:" or "the answer is"; the next line where nothing does."""
    found = (line.strip() or after or said for line, after, said in MARKED.findall(text))
    return [each for each in found if each.strip()]


def _taken_back(text: str) -> bool:
    """Whether what comes after the last mark says that it was wrong."""
    ends = [match.end() for match in MARKED.finditer(text)]
    return bool(ends) and OPEN.search(text[ends[-1] :]) is not None


def _read(text: str, wanted: Wanted) -> str:
    """The answer that a text without marks gives."""
    if wanted.wants == "list":
        return _in_order(text, wanted.options)
    if wanted.wants == "word":
        return _word(text, wanted.options)
    text = re.sub(r"\b(?:because|since)\b[^.\n]*", "", _unnumbered(text), flags=re.IGNORECASE)
    told = sentences(text)
    for at in range(len(told) - 1, -1, -1):
        if _found(told[at], wanted):
            rival = _rival(told[at], told[:at], wanted)
            return "" if rival else _last(text, told[at], wanted)
    return ""


def _found(text: str, wanted: Wanted) -> list[Mention]:
    return candidates(text, wanted.options) if wanted.wants == "choice" else numbers(text)


def _masked(sentence: str, wanted: Wanted) -> str:
    """A sentence with a gap for each candidate, so that those of one list are alike."""
    for each in reversed(_found(sentence, wanted)):
        sentence = f"{sentence[: each.start]}#{sentence[each.end :]}"
    return re.sub(r"\W*$", "", sentence.strip().lower())


def _rival(sentence: str, earlier: Sequence[str], wanted: Wanted) -> bool:
    """Whether an earlier sentence, which is no sum, says the same of another candidate."""
    mask, values = _masked(sentence, wanted), _values(sentence, wanted)
    alike = [each for each in earlier if _masked(each, wanted) == mask]
    if all("=" in each for each in alike):
        return False
    return any(_values(each, wanted) != values for each in alike)


def _values(sentence: str, wanted: Wanted) -> list[str]:
    return [each.value for each in _found(sentence, wanted)]


def _last(text: str, sentence: str, wanted: Wanted) -> str:
    """The last candidate of a sentence, which is the last one that has any in the text, if the
    words around it let it be the answer."""
    choice = wanted.wants == "choice"
    if choice:
        sentence = sentence.replace(">", " is greater than ").replace("<", " is less than ")
    found = _found(sentence, wanted)
    last = found[-1]
    earlier = _found(text, wanted)[: -len(found)] if not choice else []
    head = sentence[found[-2].end if len(found) > 1 else 0 : last.start]
    if OPEN.search(sentence) or (len(found) > 1 and OPERATOR.fullmatch(head)):
        return ""
    if choice and ((AFTER_THAN.search(head) and len(found) == 1) or _superlatives(text) > 1):
        return ""
    if len(found) > 1 and found[-2].value != last.value:
        if choice and (pivot := PIVOT.search(head)):
            return _before_pivot(found, sentence, head, pivot[0].lower(), wanted)
        if wanted.than:  # "3 is 4" says nothing of either
            return ""
        if JOIN.fullmatch(head) or OR.search(head):
            return ""
    elif len(found) == 1 and earlier and earlier[-1].value != last.value:
        at = text.rindex(sentence)
        if LINES.fullmatch(text[earlier[-1].end : at + last.start]):
            return ""
    if DENIED.search(head) or (not choice and INEXACT.search(head)):
        return ""
    if choice and re.match(r"[^.,;]*(?:\bnot\b|n't\b)", sentence[last.end :], re.IGNORECASE):
        return ""
    if last.unit and last.unit != wanted.unit and (wanted.unit or last.unit == "%"):
        return ""
    return last.value


def _superlatives(text: str) -> int:
    """How many different ones there are: of "A is the oldest, B the youngest" one is asked for,
    and the last name may be that of the other."""
    return len({each.lower() for each in SUPERLATIVE.findall(text)})


def _before_pivot(
    found: Sequence[Mention], sentence: str, between: str, pivot: str, wanted: Wanted
) -> str:
    """The candidate that a comparison is about, if it is the comparison that was asked for."""
    if len(found) > 2 or DENIED.search(sentence[: found[-2].end + len(between)]):
        return ""
    if pivot != "than":
        return found[0].value if not wanted.than else ""
    asked = any(re.search(rf"\b{word}\b", between, re.IGNORECASE) for word in wanted.than)
    return found[0].value if asked else ""


def _unnumbered(text: str) -> str:
    """The text without the numbers of its list items, which count up from 1."""
    marks = re.findall(r"^\s*(\d+)[.)]\s+(?=\S)", text, re.MULTILINE)
    if marks and marks == [str(at + 1) for at in range(len(marks))]:
        return re.sub(r"^(\s*)\d+[.)]\s+(?=\S)", r"\1", text, flags=re.MULTILINE)
    return text


def _in_order(text: str, items: Sequence[str]) -> str:
    """The order in which a text gives the items: in all of it, after it repeated the question,
    or in its last line that has them all, if no other line has them in another order."""
    text = _unnumbered(text)
    given, size, told = list(items), len(items), _items(text, items)
    if told and DENIED.search(text[: told[0].start]):
        return ""
    found = [each.value for each in told]
    if len(found) == 2 * size and found[:size] == given:
        if OR.search(text[told[size - 1].end : told[size].start]):
            return ""
        found = found[size:]
    if len(found) != size:
        lines = [[each.value for each in _items(line, items)] for line in text.splitlines()]
        whole = [line for line in lines if sorted(line) == sorted(given) and line != given]
        found = whole[-1] if whole and all(line == whole[0] for line in whole) else []
    return ", ".join(found) if sorted(found) == sorted(given) else ""


def _items(text: str, items: Sequence[str]) -> list[Mention]:
    """Mentions of the items; among numbers also others, which do not belong there."""
    if all(amount(item) is not None for item in items):
        return [
            Mention(match.start(), match.end(), match[0])
            for match in re.finditer(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])", text)
        ]
    return candidates(text, items)


def _word(text: str, others: Sequence[str]) -> str:
    """The one word that a text gives as its answer: all of it, or the last quoted one, or the
    last one of its one sentence. Letters that are spelt apart are put together."""
    text = re.sub(r"\b(\w)(?:[\s,-]+\w)+\b(?![\w'])", _spelt, text.strip())
    if alone := re.fullmatch(r"\W*([^\W\d_]+)\W*", text):
        return alone[1].lower()
    taken = {each.lower() for each in others}
    quoted = [each.lower() for each in re.findall(r"[\"']([^\W\d_]+)[\"'.,]", text)]
    free = [each for each in quoted if each not in taken]
    if free:
        return free[-1] if len(set(free)) == 1 else ""
    if re.search(r"\b(?:or|not)\b", text, re.IGNORECASE) or len(sentences(text)) != 1:
        return ""
    said = re.search(r"(?:\bis|[:=]|\bbecomes)\s+([^\W\d_]+)\W*$", text)
    return said[1].lower() if said and said[1].lower() not in taken else ""


def _spelt(match: re.Match[str]) -> str:
    letters = re.split(r"[\s,-]+", match[0])
    return "".join(letters) if len(letters) > 2 and all(len(x) == 1 for x in letters) else match[0]
