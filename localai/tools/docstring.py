"""What a tool's docstring tells the model: what the tool does, and what each argument is.

The first paragraph is the description; an "Args:" section, if there is one, has a line
"name: text" for each argument, which may go on in further-indented lines.
"""

from __future__ import annotations

import re
from inspect import cleandoc

_ARGUMENT = re.compile(r"(\w+)\s*(?:\([^)]*\))?:\s*(.*)")


def description(docstring: str) -> str:
    """The first paragraph on one line."""
    return " ".join(cleandoc(docstring).split("\n\n")[0].split())


def arguments(docstring: str) -> dict[str, str]:
    """Argument -> its text on one line, from the "Args:" section."""
    lines = cleandoc(docstring).splitlines()
    if "Args:" not in lines:
        return {}
    found: dict[str, str] = {}
    name, first = "", 0
    for line in lines[lines.index("Args:") + 1 :]:
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            continue
        if not indent:
            break
        first = first or indent
        if indent == first and (match := _ARGUMENT.match(line.strip())):
            name, found[match[1]] = match[1], match[2]
        elif name:
            found[name] += " " + line.strip()
    return found
