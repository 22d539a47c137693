"""Other ways to ask the same thing, by templates: what was learned must not hang on words.

English only and deliberately plain. Questions, requests and remarks have frames of their
own; a text in another language counts as a remark, whose frames fit anything. Some frames
are kept out of training, for the gate to ask with.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from localai.lessons.clauses import clause
from localai.lessons.keywords import searched


class Frames(NamedTuple):
    """Templates for training and for the gate. `{q}`: the text as it is; `{closed}`: so
    that a sentence can follow; `{lower}`: as one types in a hurry."""

    training: tuple[str, ...]
    held_out: tuple[str, ...]


QUESTION = Frames(
    (
        "{q}",
        "Please tell me: {q}",
        "I have a question. {q}",
        "{closed}Thank you!",
        "Hello! {q}",
        "Can you help me with this? {q}",
        "Question: {q}",
        "{lower}",
    ),
    (
        "Quick question: {q}",
        "Hi there, could you answer this for me? {q}",
        "{closed}I would like to know.",
        "Here is something I wonder about. {q}",
        "I was just asked this: {q}",
        "Let me ask you something. {q}",
    ),
)
REQUEST = Frames(
    (
        "{q}",
        "I need your help. {q}",
        "{closed}Thank you!",
        "Hello! {q}",
        "Can you do this for me? {q}",
        "Here is a task for you: {q}",
        "Next task. {q}",
        "{lower}",
    ),
    (
        "Quick favour: {q}",
        "Hi there, could you help me out? {q}",
        "{closed}I would be grateful.",
        "Here is what I need now. {q}",
        "One small job: {q}",
        "Let me ask a favour of you. {q}",
    ),
)
REMARK = Frames(
    (
        "{q}",
        "Hello! {q}",
        "Let me say this: {q}",
        "By the way: {q}",
        "I am writing to you. {q}",
        "{lower}",
    ),
    (
        "Hi there! {q}",
        "One more thing: {q}",
        "Here is what I have to say. {q}",
        "Good morning! {q}",
        "So, here it is: {q}",
        "This is why I am here: {q}",
    ),
)
INDIRECT = Frames(
    (
        "Tell me {clause}.",
        "Do you know {clause}?",
        "Please explain {clause}.",
        "Can you tell me {clause}?",
        "I'd like to hear {clause}.",
    ),
    (
        "I want to know {clause}.",
        "Could you say {clause}?",
        "I am trying to find out {clause}.",
    ),
)

_ASKS = re.compile(
    r"(?:what|who|whom|whose|where|when|why|which|how|what's|who's|where's|when's|how's|is|are"
    r"|was|were|am|do|does|did|can|could|will|would|should|may|has|have|had)\b",
    re.IGNORECASE,
)
_DEMANDS = re.compile(
    r"(?:please|add|answer|calculate|change|check|compare|complete|compose|continue|convert"
    r"|correct|count|create|define|describe|draft|draw|explain|find|fix|generate|give|help|imagine"
    r"|improve|list|make|name|plan|put|recommend|rephrase|rewrite|say|shorten|show|solve|sort"
    r"|suggest|summari[sz]e|tell|think|translate|use|write)\b",
    re.IGNORECASE,
)


def training(text: str) -> tuple[str, ...]:
    """The text and other ways to put it, no two alike; at the end those of few words."""
    text = text.strip()
    short = searched(text) if _kind(text)[0] is not REMARK else ()
    return tuple(dict.fromkeys((*_phrase(text, 0), *short)))


def held_out(text: str) -> tuple[str, ...]:
    """Ways to put the text that `training` never gives: six at least, so that a single
    correction can win beyond chance."""
    return _phrase(text.strip(), 1)


def begins_held_out(text: str) -> bool:
    """Whether a question begins as one does that is held out, of whatever it is asked."""
    frames = (*QUESTION.held_out, *INDIRECT.held_out)
    begun = (frame.partition("{")[0].strip().casefold() for frame in frames)
    return text.casefold().startswith(tuple(filter(None, begun)))


def asks(text: str) -> bool:
    """Whether it is put as a question."""
    return _kind(text.strip())[0] is QUESTION


def _phrase(text: str, part: int) -> tuple[str, ...]:
    """All frames filled, of training (0) or held out (1); plain and indirect ones in turn."""
    frames, mark = _kind(text)
    values = {"q": text, "closed": _closed(text, mark), "lower": _lower(text, frames)}
    direct = [frame.format(**values) for frame in frames[part]]
    found = clause(text)
    turned = [frame.format(clause=found) for frame in INDIRECT[part]] if found else []
    mixed = [each for pair in zip(direct, turned, strict=False) for each in pair]
    return tuple(dict.fromkeys((*mixed, *direct[len(turned) :], *turned[len(direct) :])))


def _kind(text: str) -> tuple[Frames, str]:
    """The frames that fit, and the mark that ends such a text."""
    if _DEMANDS.match(text):
        return REQUEST, "."
    if text.endswith("?") or (_ASKS.match(text) and text[-1].isalnum()):
        return QUESTION, "?"
    return REMARK, "."


def _closed(text: str, mark: str) -> str:
    """The text with a mark at its end and a space, or an empty line after several lines."""
    if "\n" in text:
        return f"{text}\n\n"
    return f"{text} " if text[-1:] in ".?!…" else f"{text}{mark} "


def _lower(text: str, frames: Frames) -> str:
    """Without a mark at the end and, where the first word is no name, without a capital."""
    bare = text.rstrip("?.! ") or text
    plain = _ASKS.match(text) if frames is QUESTION else _DEMANDS.match(text)
    return bare[:1].lower() + bare[1:] if plain else bare
