"""Puts a prompt together from the words of the command and what is piped in.

Standard input is read when it is a pipe, a file or a socket, never when it is a
terminal. Bytes that are not UTF-8 are replaced and counted; nothing else is changed
except line ends around the whole.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

from localai.cli.failure import note
from localai.errors import UsageError

MAX_BYTES = 16 * 2**20
"""More than any context window holds, and little enough to keep in memory."""

EMPTY = 'There is nothing to ask; write a question, as in: localai ask "What is a fjord?"'


class Piped(NamedTuple):
    """Text from standard input; `replaced` of its bytes or byte runs were not UTF-8."""

    text: str = ""
    replaced: int = 0


def is_piped(stream: BinaryIO) -> bool:
    """Whether something is piped or redirected into `stream`."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return not stream.isatty()
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def read_piped(stream: BinaryIO) -> Piped:
    """All of `stream`. Raises UsageError beyond MAX_BYTES or when it cannot be read."""
    try:
        data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"Standard input cannot be read ({error.strerror}); check what is piped in."
        ) from error
    if len(data) > MAX_BYTES:
        raise UsageError(
            f"Standard input is larger than {MAX_BYTES // 2**20} MB, more than any model reads "
            "at once; pipe in the part that matters, for example with head -c 20000."
        )
    return decode(data)


def told(piped: Piped) -> str:
    """The text, after saying how much of it was not UTF-8."""
    if piped.replaced:
        note(f"{piped.replaced:,} places in standard input were not UTF-8 and are shown as \ufffd.")
    return piped.text


def decode(data: bytes) -> Piped:
    """UTF-8 text without a byte order mark; what is not UTF-8 becomes U+FFFD."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    genuine = data.count("\ufffd".encode())
    return Piped(text.replace("\r\n", "\n"), text.count("\ufffd") - genuine)


def argument(text: str) -> str:
    """A command-line argument whose bytes may not have been UTF-8."""
    return os.fsencode(text).decode("utf-8", errors="replace")


def compose(words: Sequence[str], piped: str = "") -> str:
    """The prompt: what was piped in, then the question. Raises UsageError when both are empty.

    The question comes last because small models answer what they read last, and because
    the same notes with another question then share their beginning in the cache.
    """
    question = argument(" ".join(words))
    parts = [part for part in (piped.strip("\n"), question) if part.strip()]
    if not parts:
        raise UsageError(EMPTY)
    return "\n\n".join(parts)
