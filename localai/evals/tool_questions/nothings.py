"""Questions that want no tool, many of them with what looks like one would help."""

from __future__ import annotations

import re

from localai.evals.task import Example, Pool
from localai.evals.tool_questions.drawing import Draw
from localai.evals.tool_questions.wordings import made, mixed, wordings

AGAIN: dict[Pool, int] = {"train": 14, "dev": 3, "gate": 3}
"""How often a wording is asked of things, of a different one each time."""

_BLANK = re.compile(r"\{(\w+)\}")


def nothings(pool: Pool, count: int) -> list[Example]:
    """Up to so many questions."""
    draw, data = Draw(pool, "nothings"), wordings("none")
    found = list[list[Example]]()
    for kind, asks in data[pool].items():
        own = dict[str, Example]()
        for ask in draw.random.sample(asks, len(asks)):
            for filled in _filled(draw, ask, data["things"]):
                example = made(filled, kind=f"none-{kind}", tool="")
                own.setdefault(example.id, example)
        found.append(draw.random.sample([*own.values()], len(own)))
    return mixed(found)[:count]


def _filled(draw: Draw, ask: str, things: dict[str, list[str]]) -> list[str]:
    """The wording with things of its list put in; itself without a blank for one."""
    blank = _BLANK.search(ask)
    if blank is None:
        return [ask]
    if blank[1] == "name":
        return [ask.format(name=draw.name())]
    return [ask.format_map({blank[1]: each}) for each in draw.some(things[blank[1]])][
        : AGAIN[draw.pool]
    ]
