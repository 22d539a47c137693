"""Writing GBNF, llama.cpp's grammar format. It knows nothing of schemas or calls.

An expression here is a string that can stand wherever a single symbol can: a literal, the
name of a rule, or something in parentheses.
"""

from __future__ import annotations

from collections.abc import Iterable

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

EMPTY = '""'


def literal(text: str) -> str:
    """Exactly this text. Raises UnicodeEncodeError for text that is not valid Unicode."""
    text.encode()
    escaped = (
        _ESCAPES.get(char) or (f"\\x{ord(char):02x}" if ord(char) < 0x20 else char) for char in text
    )
    return f'"{"".join(escaped)}"'


def sequence(*parts: str) -> str:
    """One after the other."""
    kept = [part for part in parts if part != EMPTY]
    return kept[0] if len(kept) == 1 else f"({' '.join(kept)})" if kept else EMPTY


def choice(parts: Iterable[str]) -> str:
    """One of them; there must be one."""
    kept = list(dict.fromkeys(parts))
    return kept[0] if len(kept) == 1 else f"({' | '.join(kept)})"


def optional(part: str) -> str:
    """It, or nothing."""
    return EMPTY if part == EMPTY else f"({part})?"


class Rules:
    """The rules of one grammar. A rule that says the same as another one is that one."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    def add(self, text: str, name: str = "") -> str:
        """The name of a rule with this text; a new one is called `name` or gets a number."""
        if text in self._names:
            return self._names[text]
        name = name or f"r{len(self._texts)}"
        self._names[text] = name
        self._texts[name] = text
        return name

    def grammar(self, root: str) -> str:
        """The whole grammar, with the expression `root` at its root."""
        lines = [f"root ::= {root}", *(f"{name} ::= {text}" for name, text in self._texts.items())]
        return "\n".join(lines) + "\n"
