"""The text of a PDF, page by page, from a process of its own (`pdf_reader`).

A PDF may be broken, encrypted or made to keep its reader busy for ever; whatever its reader
does, it has `seconds`, and then its pages so far are what there is.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass

from localai.tools.sandbox import environment

MOST_BYTES = 4 << 20
_CHUNK = 1 << 16
_PROGRAM = "from localai.tools.builtin.pdf_reader import main; main()"


@dataclass(frozen=True)
class Pages:
    """(number from 1, text) of pages in a row; `ended` when the last one is the PDF's last."""

    pages: tuple[tuple[int, str], ...]
    ended: bool


def read(descriptor: int, first: int, seconds: float) -> Pages:
    """The pages from `first` on of the PDF that is open, as far as they come in time.

    None of them, and not ended, is a PDF that cannot be read.
    """
    os.lseek(descriptor, 0, os.SEEK_SET)
    process = subprocess.Popen(
        [sys.executable, "-P", "-S", "-s", "-c", _PROGRAM, str(first)],
        stdin=descriptor,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=environment(os.environ),
        bufsize=0,
    )
    assert process.stdout is not None
    try:
        said = _said(process.stdout.fileno(), time.monotonic() + seconds)
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
    return _pages(said)


def _said(pipe: int, deadline: float) -> bytes:
    """What comes until the other end closes, the deadline, or MOST_BYTES."""
    said = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0 and len(said) < MOST_BYTES:
            if selector.select(left):
                data = os.read(pipe, _CHUNK)
                if not data:
                    break
                said += data
    return bytes(said)


def _pages(said: bytes) -> Pages:
    """The whole lines of it."""
    found: list[tuple[int, str]] = []
    for line in said.split(b"\n")[:-1]:
        with contextlib.suppress(ValueError, KeyError):
            value = json.loads(line)
            if value.get("end"):
                return Pages(tuple(found), True)
            found.append((value["page"], value["text"]))
    return Pages(tuple(found), False)
