"""Other ways to ask the same thing, by templates: what was learned must not hang on words.

English only and deliberately plain; a question in another shape still gets the frames,
which fit any text. Some shapes are kept out of training, for the gate to ask with.
"""

from __future__ import annotations

import re

_FRAMES = (
    "{q}",
    "Please tell me: {q}",
    "I have a question. {q}",
    "{q} Thank you!",
    "Hello! {q}",
    "Can you help me with this? {q}",
    "Question: {q}",
    "{lower}",
)
_HELD_OUT_FRAMES = (
    "Quick question: {q}",
    "Hi there, could you answer this for me? {q}",
    "{q} I would like to know.",
    "Here is something I wonder about. {q}",
)
_INDIRECT = (
    "Tell me {clause}.",
    "Do you know {clause}?",
    "Please explain {clause}.",
    "Can you tell me {clause}?",
    "I'd like to hear {clause}.",
)
_HELD_OUT_INDIRECT = (
    "I want to know {clause}.",
    "Could you say {clause}?",
    "I am trying to find out {clause}.",
)
_INVERTED = re.compile(r"(what|who|where|which \w+) (is|are|was|were) (.+)", re.IGNORECASE)
_SUBJECT = re.compile(r"(who|what|which \w+) (?!(?:is|are|was|were|do|does|did)\b)(\w+ .+)", re.I)
# After these a plain turning round would be wrong: "where is X kept" -> "where X kept is".
_PARTICIPLE = re.compile(r"(?:ed|en|made|held|found|born|built|kept|known|sold|done)$", re.I)


def training(question: str) -> tuple[str, ...]:
    """The question and other ways to put it, no two alike."""
    return _phrase(question, _FRAMES, _INDIRECT)


def held_out(question: str) -> tuple[str, ...]:
    """Ways to put the question that `training` never gives."""
    return _phrase(question, _HELD_OUT_FRAMES, _HELD_OUT_INDIRECT)


def _phrase(question: str, frames: tuple[str, ...], indirect: tuple[str, ...]) -> tuple[str, ...]:
    text = question.strip()
    clause = _clause(text)
    first = text[:1].lower() + text[1:] if clause else text
    lower = first.rstrip("?") if text.endswith("?") else text
    direct = [frame.format(q=text, lower=lower) for frame in frames]
    turned = [frame.format(clause=clause) for frame in indirect] if clause else []
    mixed = [each for pair in zip(turned, direct, strict=False) for each in reversed(pair)]
    rest = direct[len(turned) :] or turned[len(direct) :]
    return tuple(dict.fromkeys((*mixed, *rest)))


def _clause(text: str) -> str:
    """ "What is X?" -> "what X is"; "" for shapes that cannot be turned without grammar."""
    if not text.endswith("?") or text.count("?") > 1 or "\n" in text:
        return ""
    body = text[:-1].strip()
    if found := _INVERTED.fullmatch(body):
        word, verb, rest = found.groups()
        if _PARTICIPLE.search(rest) or "," in rest:
            return ""
        return f"{word.lower()} {rest} {verb}"
    if found := _SUBJECT.fullmatch(body):
        return f"{found[1].lower()} {found[2]}"
    return ""
