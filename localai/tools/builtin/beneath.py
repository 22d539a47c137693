"""Opening a file beneath a folder, wherever a path says it is and whatever changes meanwhile.

No path is compared or resolved first and opened afterwards: the opening itself cannot
leave the folder. On Linux the kernel sees to that (openat2 with RESOLVE_BENEATH and
RESOLVE_NO_MAGICLINKS, Linux 5.6); elsewhere, and where a container forbids the call, the
path is walked one name at a time from open folders, following no link but by hand. The
folder's own path is the user's and may hold links. What is in the folder by a hard link or a
mount counts as the folder's.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Neither waits for the other end of a FIFO, nor makes a terminal the process's own.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

_OPENAT2 = 437
_NO_MAGICLINKS = 0x02
_BENEATH = 0x08
_TRIES = 100  # a rename anywhere while ".." is looked up makes it fail with EAGAIN

_MOST_LINKS = 40
_NOT_HERE = (errno.ENOSYS, errno.EPERM)  # an older kernel, a container's filter
_MAYBE_LINK = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)


def open_file(folder: str, path: str) -> int:
    """A descriptor for reading what `path` leads to beneath `folder`; it may be no file.

    Raises OSError; with EXDEV when the path leads out of the folder.
    """
    if sys.platform == "linux":
        try:
            return by_kernel(folder, path)
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
    return by_walk(folder, path)


def by_kernel(folder: str, path: str) -> int:
    """As `open_file`, by openat2(2). Raises OSError, with ENOSYS where there is none."""
    name = _checked(path)
    how = struct.pack("QQQ", _FLAGS, 0, _BENEATH | _NO_MAGICLINKS)  # struct open_how
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    with _opened(folder) as start:
        for _ in range(_TRIES):
            size = ctypes.c_size_t(len(how))
            found: int = call(ctypes.c_long(_OPENAT2), ctypes.c_long(start), name, how, size)
            if found >= 0:
                return found
            if ctypes.get_errno() not in (errno.EAGAIN, errno.EINTR):
                break
    raise _error(ctypes.get_errno(), path)


def by_walk(folder: str, path: str) -> int:
    """As `open_file`, name by name. Raises OSError."""
    _checked(path)
    names = _split(path)
    links = 0
    with _opened(folder) as start:
        walked = [start]  # the open folders from the first to where the walk is; ".." goes back
        try:
            while names:
                name = names.pop(0)
                if name == "..":
                    _step_back(walked, path)
                elif name != ".":
                    link = _step(walked, name, last=not names)
                    if isinstance(link, int):
                        return link
                    links += link is not None
                    if links > _MOST_LINKS:
                        raise _error(errno.ELOOP, path)
                    names = _split(link or "") + names
            raise _error(errno.EISDIR, path)
        finally:
            for descriptor in walked[1:]:
                os.close(descriptor)


def _step(walked: list[int], name: str, *, last: bool) -> int | str | None:
    """Into the folder `name`; or the descriptor of the last name, or where a link leads."""
    try:
        flags = _FLAGS if last else _FOLDER
        found = os.open(name, flags | os.O_NOFOLLOW, dir_fd=walked[-1])
    except OSError as error:
        if error.errno not in _MAYBE_LINK:
            raise
        try:
            return os.readlink(name, dir_fd=walked[-1])
        except OSError:
            raise error from None  # it is no link, or no longer
    if last:
        return found
    walked.append(found)
    return None


def _step_back(walked: list[int], path: str) -> None:
    if len(walked) == 1:
        raise _error(errno.EXDEV, path)
    os.close(walked.pop())


def _split(path: str) -> list[str]:
    """The names in a path; a slash at the end asks for a folder, which "." stands for."""
    if path.startswith("/"):
        raise _error(errno.EXDEV, path)
    names = path.split("/")
    return [name or "." for name in names] if path else []


def _checked(path: str) -> bytes:
    """The path as the system takes it: without a NUL, at which C would stop reading."""
    try:
        name = os.fsencode(path)
    except UnicodeEncodeError:  # half a surrogate pair: no file has that name
        name = b""
    if not name or b"\0" in name:
        raise _error(errno.ENOENT, path)
    return name


@contextmanager
def _opened(folder: str) -> Iterator[int]:
    descriptor = os.open(folder, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
