"""Our own JSON document: conversations with everything that is known of them.

One object with `format`, `version` and `conversations`, one of these on each line. Read and
written one at a time; branches, corrections, calls, token ids and prompts are in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

import msgspec

from localai.store.tree import Tree

_HEAD = '{"format": "localai", "version": 1, "conversations": [\n'
_NOT_PLAIN = re.compile(r"[^\x00-\x7e]")
_decoder = msgspec.json.Decoder(Tree)


def write(trees: Iterable[Tree]) -> Iterator[str]:
    """The document, piece by piece."""
    yield _HEAD
    between = ""
    for tree in trees:
        yield between + plain(msgspec.json.encode(tree).decode())
        between = ",\n"
    yield "\n]}\n"


def read(data: bytes) -> Tree:
    """One conversation of the document. Raises ValueError when it is none."""
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def dumps(value: object) -> str:
    """A JSON value on one line, safe for a terminal."""
    return plain(json.dumps(value, ensure_ascii=False))


def plain(text: str) -> str:
    """JSON in which nothing can drive a terminal: what cannot be printed is escaped."""
    return _NOT_PLAIN.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]
