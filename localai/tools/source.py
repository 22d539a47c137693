"""A file of the user's own that holds tools: its bytes, read once, and the module they make.

The file stands alone: neither its folder nor anything beside it can be imported, so the
hash of the file is the hash of all that was trusted. Installed packages can be imported.
The process of a tool call imports this, so it keeps to a few of Python's own modules.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from types import ModuleType

from localai.errors import ToolError

MOST = 1 << 20
NAME = "localai_trusted_file"
"""What the module is called, whatever the file's name, so that it takes the place of no other."""


def read(path: str) -> bytes:
    """All of a regular file of at most MOST bytes. Raises ToolError."""
    regular, data = False, b""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if regular := stat.S_ISREG(os.fstat(descriptor).st_mode):
                with os.fdopen(descriptor, "rb", closefd=False) as file:
                    data = file.read(MOST + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ToolError(f"{path} cannot be read ({reason}); check the path.") from error
    if not regular:
        raise ToolError(f"{path} is no ordinary file; give a Python file.")
    if len(data) > MOST:
        raise ToolError(f"{path} is longer than 1 MB; a file of tools is shorter.")
    return data


def digest(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def changed(path: str) -> str:
    """The sentence for a file whose content is not what was trusted."""
    import shlex

    return (
        f"{path} has changed since it was trusted, so it is not run; "
        f"look at it, then: localai tools trust {shlex.quote(path)}"
    )


def load(path: str, sha256: str) -> ModuleType:
    """Run the file as a module, exactly those bytes that have this hash.

    Raises ToolError when it has another, and whatever its code raises.
    """
    data = read(path)
    if digest(data) != sha256:
        raise ToolError(changed(path))
    module = ModuleType(NAME)
    module.__file__ = path
    sys.modules[NAME] = module
    exec(compile(data, path, "exec", dont_inherit=True), module.__dict__)
    return module
