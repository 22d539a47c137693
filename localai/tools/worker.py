"""The process of one tool call: put the limits on, run the function, answer, end.

Asked to describe instead, it loads the code and tells which tools that defines.

It is told what to run by a frame on its stdin and answers with one on its stdout; a frame
is a 4-byte big-endian length and that much JSON. The tool itself sees neither pipe: its
stdin is empty, and what it prints goes nowhere. The stdin pipe stays open as the sign that
the parent lives; when it closes, this process and all it started end.

Every import here is paid for at each call, so there are only a few of Python's own. What
macOS lacks: it keeps no limit on address space, so there a call's memory is unlimited.
A process that leaves the process group (setsid) is beyond this on every system.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from localai.errors import ToolDefinitionError, ToolError
from localai.tools.allowed import Allowed, give
from localai.tools.tool import ToolFunction

if TYPE_CHECKING:
    from types import ModuleType

HEADER = 4
_LONGEST = 300


def main() -> None:
    """Serve the one call."""
    asked, answers = _channels()
    request = _request(asked)
    threading.Thread(target=_end_with_parent, args=(asked,), daemon=True).start()
    _limit(request["limits"])
    os.umask(0o077)
    give(Allowed.read(request["allowed"]))
    answer = _answer(request)
    body = json.dumps(answer).encode()
    _write(answers, len(body).to_bytes(HEADER, "big") + body)
    os._exit(0)


def _channels() -> tuple[int, int]:
    """The two pipes, moved to where neither the tool nor what it starts gets at them."""
    asked, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)

    def forget() -> None:
        os.close(asked)
        os.close(answers)

    os.register_at_fork(after_in_child=forget)
    return asked, answers


def _request(asked: int) -> dict[str, Any]:
    length = int.from_bytes(_read(asked, HEADER), "big")
    request: dict[str, Any] = json.loads(_read(asked, length))
    return request


def _read(pipe: int, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = os.read(pipe, length - len(data))
        if not more:
            os._exit(0)  # the parent is gone
        data += more
    return data


def _write(pipe: int, data: bytes) -> None:
    while data:
        data = data[os.write(pipe, data) :]


def _end_with_parent(asked: int) -> None:
    os.read(asked, 1)  # nothing more is ever sent: it returns when the other end is closed
    os.killpg(0, signal.SIGKILL)


def _limit(limits: dict[str, int]) -> None:
    """Put the caps on this process and what it starts; a lower one already there stays."""
    _cap(resource.RLIMIT_CORE, 0)
    # At the first limit comes SIGXCPU, which says what happened; at the second SIGKILL.
    _cap(resource.RLIMIT_CPU, limits["cpu_seconds"], limits["cpu_seconds"] + 1)
    _cap(resource.RLIMIT_FSIZE, limits["file_bytes"])
    if sys.platform == "linux":
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - pathlib costs an import
            mapped = int(file.read().split()[0]) * resource.getpagesize()
        _cap(resource.RLIMIT_AS, mapped + limits["memory_bytes"])


def _cap(kind: int, soft: int, hard: int | None = None) -> None:
    most = resource.getrlimit(kind)[1]
    hard = soft if hard is None else hard
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(kind, (soft, hard))


def _answer(request: dict[str, Any]) -> dict[str, str]:
    """{"ok": text}, {"failed": sentence} or {"long": ""}."""
    answer = _called(request) if "name" in request else _described(request)
    # Half a surrogate pair is no text: what comes out is valid Unicode.
    data = answer.get("ok", "").encode("utf-8", "backslashreplace")
    if len(data) > request["limits"]["output_bytes"]:
        return {"long": ""}
    return {"ok": data.decode()} if "ok" in answer else answer


def _called(request: dict[str, Any]) -> dict[str, str]:
    name = request["name"]
    try:
        tool = getattr(_module(request), name)
        if not isinstance(tool, ToolFunction):
            raise TypeError(f"{name} is no tool")
    except BaseException as error:
        return {"failed": _unloadable(f"The tool {name}", error)}
    try:
        result = tool.function(**request["arguments"])
        return {"ok": result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)}
    except ToolError as error:
        return {"failed": str(error)}
    except MemoryError:
        megabytes = request["limits"]["memory_bytes"] >> 20
        return {"failed": f"The tool {name} needs more than the {megabytes} MB it may use."}
    except BaseException as error:  # whatever it is, the answer is a sentence
        return {"failed": f"The tool {name} failed ({_said(error)})."}


def _described(request: dict[str, Any]) -> dict[str, str]:
    """A JSON list of the tools that the module has under their own names."""
    try:
        found = vars(_module(request))
        tools = [
            tool
            for name, tool in found.items()
            if isinstance(tool, ToolFunction)
            and tool.name == name
            and ("module" in request or tool.function.__module__ == found["__name__"])
        ]
        return {"ok": json.dumps([tool.told() for tool in tools])}
    except BaseException as error:
        return {"failed": _unloadable(request.get("module") or request["path"], error)}


def _module(request: dict[str, Any]) -> ModuleType:
    """The tool's code, run. A package's module is imported by name."""
    if "module" in request:
        return importlib.import_module(request["module"])
    from localai.tools import source

    return source.load(request["path"], request["sha256"])


def _unloadable(what: str, error: BaseException) -> str:
    if isinstance(error, ToolError) and not isinstance(error, ToolDefinitionError):
        return str(error)
    return f"{what} cannot be loaded ({_said(error)})."


def _said(error: BaseException) -> str:
    """An exception on one line."""
    kind, text = type(error).__name__, " ".join(str(error).split())
    return (f"{kind}: {text}" if text else kind)[:_LONGEST]
