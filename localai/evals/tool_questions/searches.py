"""Questions about what a user said or noted once, and what was said.

What is asked about is put where the search finds it by `shelf`; some of it never was there.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from localai.evals.task import Example, Pool
from localai.evals.tool_questions.drawing import Draw
from localai.evals.tool_questions.wordings import made, mixed, wordings

CHATS, NOTES = "search_chats", "search_notes"

SPOKEN = re.compile(r"\b(?:told|say|said|mention\w*|talk|spoke|remember|have in mind)\b")
"""Words by which a question is about what was said, and about no notes."""

ABSENT = 5
"""One of so many questions is about what is not there."""


def searches(pool: Pool, count: int, tools: Collection[str]) -> list[Example]:
    """Up to so many questions for those of the two searches that there are."""
    there = [name for name in (CHATS, NOTES) if name in tools]
    if not there:
        return []
    draw, data = Draw(pool, "searches"), wordings("search")
    facts = _facts(draw, data)
    found = dict[str, Example]()
    for round_ in range(4):
        for at, fact in enumerate(facts):
            tool = there[(at + round_) % len(there)]
            ask = _ask(draw, data, tool, fact["asks"], known=round_ % 2 == 0)
            example = _question(ask, fact, tool, there)
            found.setdefault(example.id, example)
    missing = dict[str, Example]()
    for at, it in enumerate(draw.some(data["things"]["absent"])):
        tool = there[at % len(there)]
        ask = _ask(draw, data, tool, ("{it}?",), known=False)
        example = _question(ask, {"it": it}, tool, there)
        missing.setdefault(example.id, example)
    few = count // ABSENT
    return mixed([[*found.values()][: count - few], [*missing.values()][:few]])


def _facts(draw: Draw, data: dict[str, Any]) -> list[dict[str, Any]]:
    """What was said, each thing in one sentence only."""
    kinds, things = data[draw.pool]["facts"], data["things"]
    left = {each["its"]: draw.some(things[each["its"]]) for each in kinds.values()}
    found = list[dict[str, Any]]()
    while any(left.values()):
        for kind in kinds.values():
            if its := left[kind["its"]]:
                it = its.pop()
                put = {"it": it, "It": it[0].upper() + it[1:], "value": _value(draw, kind, things)}
                told = {key: kind[key].format_map(put) for key in ("said", "answer")}
                found.append({**put, **told, "asks": kind["asks"]})
    return found


def _value(draw: Draw, kind: dict[str, Any], things: dict[str, Any]) -> str:
    match kind["of"]:
        case "code":
            return str(draw.whole(1000, 9999))
        case "price":
            return str(draw.whole(11, 980))
        case "name":
            return draw.name()
        case "day":
            day = draw.day()
            return f"{day.day} {day.strftime('%B')}"
        case of:
            return draw.one(things[of])


def _ask(draw: Draw, data: dict[str, Any], tool: str, asks: tuple[str, ...], *, known: bool) -> str:
    """A question: about the fact (`known`), or openly; for notes it says so."""
    own = data[draw.pool]
    if tool == NOTES:
        fitting = [ask for ask in own["notes"]["asks"] if known or "{ask}" not in ask]
        fitting = fitting or ["Search my notes for {it}."]
        return draw.any(fitting).replace("{ask}", draw.any(asks))
    return draw.any(asks if known else own["chats"]["asks"])


def _question(ask: str, fact: dict[str, Any], tool: str, there: Collection[str]) -> Example:
    it, query = fact["it"], re.sub(r"^(my|our|the) ", "", fact["it"])
    either = tool == CHATS and not SPOKEN.search(ask)
    return made(
        ask.format(it=it),
        kind="search",
        tool=tool,
        arguments={"query": query},
        say=[_yours(fact["answer"])] if "answer" in fact else [],
        said=fact.get("said", ""),
        value=fact.get("value", ""),
        it=_yours(it),
        also=[name for name in there if name != tool] if either else [],
    )


def _yours(text: str) -> str:
    """What the user said of theirs, as it is said to them."""
    text = re.sub(r"\b(?:my|our)\b", "your", text)
    return re.sub(r"\b(?:My|Our)\b", "Your", text)
