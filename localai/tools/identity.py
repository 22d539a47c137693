"""What a tool is, as one hash: its code and all that a model or a user is told of it.

A consent that is meant to last is given to this hash, so any change asks again. Nothing is
imported. What the code imports from other packages is not part of it, nor is what the
command of an MCP server loads beyond the files that it names.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from importlib.machinery import BYTECODE_SUFFIXES, EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from pathlib import Path

from localai.digest import sha256
from localai.errors import ToolError
from localai.tools import modules
from localai.tools.place import File, Module, Server
from localai.tools.tool import Tool

_CODE = (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES)
_COMPILED = tuple(BYTECODE_SUFFIXES)
_CACHE = "__pycache__"
_OURS = "localai"


def code_hash(tool: Tool) -> str:
    """SHA-256, hex. Raises ToolError when the tool's code is not where it was."""
    place = tool.place
    match place:
        case Module():
            code = module_hash(place.module)
        case Server():
            code = _server_hash(tool, place)
        case File():
            code = place.sha256
    known = json.dumps({"code": code, **tool.told()}, sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()


def _server_hash(tool: Tool, place: Server) -> str:
    from localai.tools.mcp.offered import ServerTool  # most have no server

    return tool.launch.code_hash() if isinstance(tool, ServerTool) else place.sha256


def tree_hash(root: Path) -> str:
    """SHA-256, hex, of a file, or of the files of code in a folder with their names.

    Compiled code counts where it stands for source, not where Python keeps what it has
    compiled. Raises OSError.
    """
    if not root.is_dir():
        return sha256(root)
    total = hashlib.sha256()
    for folder, inner, names in os.walk(root):
        inner.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if name.endswith(_CODE) or (name.endswith(_COMPILED) and path.parent.name != _CACHE):
                total.update(f"{path.relative_to(root)}\0{sha256(path)}\n".encode())
    return total.hexdigest()


def module_hash(
    module: str, places: Sequence[str] = (), hashed: Callable[[Path], str] = tree_hash
) -> str:
    """SHA-256, hex, of a module's code: of its file, or of every file of code in the package
    that it lies in, with their names. Of localai itself it is `localai/tools` that counts.
    `places` are the folders to look in, `modules.folders()` unless given; `hashed` may remember
    what it was asked before.

    Raises ToolError when it cannot be found or read.
    """
    try:
        root = modules.root(module, places)
        if root is None:
            raise ToolError(
                f"The module {module} is not on the path of Python; install its package again."
            )
        return hashed(root / "tools" if root.name == _OURS else root)
    except OSError as error:
        raise ToolError(
            f"The code of the module {module} cannot be read ({error.strerror}); "
            "install its package again."
        ) from error
