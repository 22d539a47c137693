"""Reading text files of the user: only beneath the folders that the settings allow.

Which folder is meant is told from the path's names; that nothing outside it is opened is the
work of `beneath`. Text is UTF-8 or nearly; other kinds of files are refused.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import PurePosixPath

from localai.errors import ToolError
from localai.tools.allowed import present
from localai.tools.arguments import shown
from localai.tools.builtin import beneath
from localai.tools.tool import tool

MOST_BYTES = 16 << 20
MOST_CHARACTERS = 16_000
_CHUNK = 1 << 20


@tool(effects=("reads",), needs="folders")
def read_file(path: str, start_line: int = 1, lines: int = 200) -> str:
    """Read a text file, or some lines of it, in the folders that the user has allowed.

    Args:
        path: such as notes/todo.txt, inside an allowed folder or with its name, or the whole path.
        start_line: the first line to read; lines are counted from 1.
        lines: how many lines to read at most.
    """
    if start_line < 1 or lines < 1:
        raise ToolError("start_line and lines are counted from 1.")
    text = _text(path, _content(path, present().folders))
    return passage(text, start_line, lines)


def passage(text: str, start: int, count: int) -> str:
    """`count` lines from line `start` on, with a note when there is more. Raises ToolError.

    At most MOST_CHARACTERS, whole lines as far as that goes.
    """
    every = text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []
    if not every:
        return "[The file is empty.]"
    if start > len(every):
        raise ToolError(f"The file has only {_counted(len(every))}.")
    taken: list[str] = []
    room = MOST_CHARACTERS
    for line in every[start - 1 : start - 1 + count]:
        if taken and len(line) > room:
            break
        taken.append(line[:room])
        room -= len(line) + 1
    last = start + len(taken) - 1
    notes = []
    if room < -1:
        notes.append(f"Line {last} is cut after {MOST_CHARACTERS:,} characters.")
    if last < len(every):
        notes.append(
            f"Lines {start} to {last} of {len(every)}; read on with start_line = {last + 1}."
        )
    return "\n".join([*taken, f"[{' '.join(notes)}]"] if notes else taken)


def _content(path: str, folders: tuple[str, ...]) -> bytes:
    """The bytes of the file, from the first folder that has it. Raises ToolError."""
    refused: OSError | None = None
    for folder in folders:
        for inside in _inside(folder, path):
            try:
                return _read(path, beneath.open_file(folder, inside))
            except OSError as error:
                if error.errno != errno.ENOENT or error.filename == folder:
                    refused = refused or error
    known = ", ".join(folders)
    if refused is None:
        raise ToolError(f"There is no file {shown(path)} in the allowed folders ({known}).")
    if refused.filename in folders:
        raise ToolError(
            f"The allowed folder {refused.filename} cannot be opened ({refused.strerror})."
        )
    if refused.errno == errno.EXDEV:
        raise ToolError(f"{shown(path)} leads out of the allowed folders ({known}).")
    if refused.errno == errno.EISDIR:
        raise ToolError(f"{shown(path)} is a folder; only files can be read.")
    raise ToolError(f"{shown(path)} cannot be read ({refused.strerror}).")


def _inside(folder: str, path: str) -> tuple[str, ...]:
    """The path as seen from the folder, or from the one above it when it begins with the
    folder's name, as `search_notes` gives it; none for a whole path that begins elsewhere."""
    if path.startswith("~/"):
        path = os.path.expanduser(path)  # noqa: PTH111 - a Path would drop what "." and "//" say
    whole, start = PurePosixPath(path), PurePosixPath(folder)
    if not path.startswith("/"):
        name, _, rest = path.partition("/")
        return (path, rest) if rest and name == start.name else (path,)
    return (str(whole.relative_to(start)),) if whole.is_relative_to(start) else ()


def _read(path: str, descriptor: int) -> bytes:
    """What an ordinary file holds; closes it. Raises ToolError and OSError."""
    data = bytearray()
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise ToolError(f"{shown(path)} is no ordinary file; only those can be read.")
        while chunk := os.read(descriptor, _CHUNK):
            data += chunk
            if len(data) > MOST_BYTES:
                raise ToolError(f"{shown(path)} is longer than {MOST_BYTES >> 20} MB.")
    finally:
        os.close(descriptor)
    return bytes(data)


def _text(path: str, data: bytes) -> str:
    if b"\0" in data:
        raise ToolError(f"{shown(path)} is no text file.")
    return data.decode("utf-8-sig", "replace")


def _counted(lines: int) -> str:
    return f"{lines} line{'s' if lines > 1 else ''}"
