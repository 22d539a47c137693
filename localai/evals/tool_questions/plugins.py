"""Questions for the user's further tools, made of what these say of themselves.

Only where that can be done soundly: a tool that neither changes anything nor leaves the machine,
and whose required arguments are numbers, choices, or texts for which their description gives an
example ("such as ..."). Whether it may be called is decided elsewhere.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import Any

from localai.evals.task import Example
from localai.evals.tool_questions.wordings import made
from localai.tools.tool import Tool

EACH = 12
"""Questions for each tool, at most."""

LONGEST = 90
"""Characters of a description that can be put into a question."""

_EXAMPLE = re.compile(r"\bsuch as ([^.;,()]+?)(?: or |[.;,()]|$)")


def plugins(tools: Iterable[Tool]) -> list[Example]:
    """The questions for those that are fit for it."""
    return [example for tool in tools if suits(tool) for example in _asked(tool)]


def suits(tool: Tool) -> bool:
    """Whether questions can be made for a tool of the user's."""
    if tool.built_in or tool.effects & {"writes", "network"} or len(tool.description) > LONGEST:
        return False
    return all(map(_choices, _required(tool).values()))


def _required(tool: Tool) -> dict[str, dict[str, Any]]:
    properties = tool.parameters["properties"]
    return {name: properties[name] for name in tool.parameters.get("required", ())}


def _choices(schema: dict[str, Any]) -> list[Any]:
    """Values that an argument can have; none where they cannot be told."""
    if "enum" in schema:
        return list(schema["enum"])
    match schema.get("type"):
        case "integer" | "number":
            low, high = schema.get("minimum", 1), schema.get("maximum", 99)
            return list(range(int(low), int(high) + 1)[:1000])
        case "string":
            return _EXAMPLE.findall(schema.get("description", ""))
    return []


def _asked(tool: Tool) -> list[Example]:
    draw = random.Random(tool.name)
    doing, found = tool.description.rstrip("."), dict[str, Example]()
    for ask in (doing, f"Please {doing[:1].lower()}{doing[1:]}", f"Use {tool.name}") * EACH:
        given = {name: draw.choice(_choices(each)) for name, each in _required(tool).items()}
        listed = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in given.items())
        question = f"{ask}: {listed}." if given else f"{ask}."
        example = made(question, kind="plugin", tool=tool.name, arguments=given)
        found.setdefault(example.id, example)
    return [*found.values()][:EACH]
