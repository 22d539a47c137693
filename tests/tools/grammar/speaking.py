"""Writes texts at random that a grammar allows. For the tests: our own reading of GBNF."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

from localai.constraint import Constraint

_TOKEN = re.compile(r' *("(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|\{\d+(?:,\d+)?\}|[\w-]+|[()|?])')
_CHAR = re.compile(r"\\x[0-9a-fA-F]{2}|\\.|.", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_SOME = "aZ 0\"'\\/{}[](),:<>é日😀\x7f\u2028\n\t\x00\x1f"

Node = tuple[str, object, int, int]
"""What it is ("text", "class", "rule", "choice"), its content, how often at least and at most."""


def _chars(text: str) -> list[str]:
    def plain(char: str) -> str:
        if char.startswith("\\x"):
            return chr(int(char[2:], 16))
        return _ESCAPES.get(char[1], char[1]) if char[0] == "\\" else char

    return [plain(char) for char in _CHAR.findall(text)]


def _tokens(body: str) -> list[str]:
    found, at = list[str](), 0
    while at < len(body):
        token = _TOKEN.match(body, at)
        assert token, body[at:]
        found.append(token[1])
        at = token.end()
    return found


class Speaker:
    """The rules of a grammar, and saying something by them."""

    def __init__(self, grammar: str, seed: int) -> None:
        self._draw = random.Random(seed)
        self._rules: dict[str, list[list[Node]]] = {}
        for line in filter(None, grammar.split("\n")):
            name, _, body = line.partition(" ::= ")
            self._tokens = _tokens(body)
            self._rules[name] = self._choice()
            assert not self._tokens

    def say(self) -> str:
        """A text, which may be as long as the grammar lets it."""
        return self._one_of(self._rules["root"], 0)

    def _choice(self) -> list[list[Node]]:
        found: list[list[Node]] = [[]]
        while self._tokens and self._tokens[0] != ")":
            token = self._tokens.pop(0)
            if token == "|":
                found.append([])
            else:
                found[-1].append(self._node(token))
        return found

    def _node(self, token: str) -> Node:
        if token == "(":
            kind, content = "choice", self._choice()
            assert self._tokens.pop(0) == ")"
        elif token[0] == '"':
            kind, content = "text", "".join(_chars(token[1:-1]))  # type: ignore[assignment]
        elif token[0] == "[":
            kind, content = "class", token[1:-1]  # type: ignore[assignment]
        else:
            kind, content = "rule", token  # type: ignore[assignment]
        least, most = 1, 1
        if self._tokens and self._tokens[0] == "?":
            self._tokens.pop(0)
            least = 0
        elif self._tokens and self._tokens[0][0] == "{":
            bounds = [int(bound) for bound in self._tokens.pop(0)[1:-1].split(",")]
            least, most = bounds[0], bounds[-1]
        return (kind, content, least, most)

    def _one_of(self, choices: list[list[Node]], depth: int) -> str:
        return "".join(self._said(node, depth) for node in self._draw.choice(choices))

    def _said(self, node: Node, depth: int) -> str:
        kind, content, least, most = node
        often = self._draw.choice([least, min(most, least + 1), min(most, least + 4)])
        if depth < 12 and self._draw.random() < 0.02:
            often = most
        often = least if depth > 30 else often
        return "".join(self._once(kind, content, depth + 1) for _ in range(often))

    def _once(self, kind: str, content: object, depth: int) -> str:
        if kind == "rule":
            return self._one_of(self._rules[str(content)], depth)
        if kind == "choice":
            return self._one_of(content, depth)  # type: ignore[arg-type]
        return str(content) if kind == "text" else self._member(str(content))

    def _member(self, content: str) -> str:
        inverted = content.startswith("^")
        chars = _chars(content[inverted:])
        allowed: set[str] = set()
        while chars:
            first = chars.pop(0)
            last = first
            if len(chars) > 1 and chars[0] == "-":
                last = chars[1]
                del chars[:2]
            allowed |= {chr(code) for code in range(ord(first), ord(last) + 1)}
        if inverted:
            return self._draw.choice([char for char in _SOME if char not in allowed])
        return self._draw.choice(sorted(allowed))


def answer(constraint: Constraint, seed: int, others: Iterable[Constraint] = ()) -> str:
    """An answer that is one call, or a list of them, and nothing else. `others` are those
    among which what follows is found."""
    text = constraint.open + Speaker(constraint.grammar, seed).say()
    for other in others:
        if other.where == "next" and text.endswith(other.open):
            return text + Speaker(other.grammar, seed).say()
    return text
