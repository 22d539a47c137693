"""An MCP server of a few lines, well-behaved or not: `python server.py MODE`.

It writes the protocol by hand, because the official SDK would keep it from misbehaving, and
because it starts in a tenth of the time.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

MODE = sys.argv[1] if len(sys.argv) > 1 else "good"
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
RANDOM = random.Random(sys.argv[2] if MODE == "spoil" else 0)
WELL = int(sys.argv[3]) if MODE == "spoil" else 1 << 30
"""Messages before the first that is spoiled."""
SAID: list[dict[str, Any]] = []
NAMES = ["echo", "silent", "crash", "fail", "refuse", "picture", "structured", "huge", "mute"]
NAMES += ["ask", "environment", "child", "talk", "deaf", "broken", "pid", "limits", "client"]
NAMES += ["stopped", "escape"]
MODERN = {
    "resultType": "complete",
    "ttlMs": 0,
    "cacheScope": "private",
    "capabilities": {"tools": {}},
}
CLIENT: dict[str, Any] = {}
"""What the client said of itself."""
STOPPED: list[int] = []
"""Requests that the client gave up."""
PIXEL = {"type": "image", "data": "A" * 4096, "mimeType": "image/png"}
NOTE = {"type": "resource", "resource": {"uri": "memo://1", "text": "a note"}}
LINK = {"type": "resource_link", "uri": "memo://2", "name": "two"}
RESULTS: dict[str, dict[str, Any]] = {
    "picture": {"content": [{"type": "text", "text": "Look:"}, PIXEL, NOTE, LINK]},
    "structured": {"content": [], "structuredContent": {"degrees": 21}},
    "huge": {"content": [{"type": "text", "text": "x" * 70_000}]},
    "fail": {"content": [{"type": "text", "text": "The moon is in the way."}], "isError": True},
    "mute": {"content": []},
    "broken": {"content": "no list"},
}


def say(**message: Any) -> None:
    line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
    SAID.append(message)
    sys.stdout.buffer.write(spoiled(line) if len(SAID) > WELL else line)
    sys.stdout.buffer.flush()


def spoiled(line: bytes) -> bytes:
    """A message as a bad one of its kind: with its bytes changed, cut, doubled or mixed up."""
    at, end = sorted(RANDOM.choices(range(len(line)), k=2))
    match RANDOM.randrange(8):
        case 0:
            return line[:at] + RANDOM.randbytes(RANDOM.randrange(1, 9)) + line[at + 1 :]
        case 1:
            return line[:at]
        case 2:
            return line[:at] + line[end:]
        case 3:
            return line[:end] + line[at:]
        case 4:
            return line[:at] + b"\n" + line[at:]
        case 5:
            return line.replace(b'"', RANDOM.choice([b"'", b"\x00", b"{", b"1"]), 3)
        case 6:
            return RANDOM.choice([b"null\n", b"{}\n", b"[]\n", b"1e999\n", b"\xff\n"]) + line
    return line


def hear() -> dict[str, Any]:
    line = sys.stdin.readline()
    if not line:
        if MODE == "stubborn":
            time.sleep(600)
        sys.exit(0)
    found: dict[str, Any] = json.loads(line)
    return found


def tools(cursor: str | None) -> dict[str, Any]:
    if MODE == "many":
        return {"tools": [{"name": f"t{n}", "inputSchema": TEXT} for n in range(10_000)]}
    if MODE == "pages":
        page = int(cursor or 0)
        return {"tools": [{"name": f"t{page}", "inputSchema": TEXT}], "nextCursor": str(page + 1)}
    if MODE == "odd":
        return {"tools": json.loads(Path(sys.argv[2]).read_text())}
    described = [{"name": name, "description": f"Do {name}.", "inputSchema": {}} for name in NAMES]
    for tool in described:
        tool["inputSchema"] = TEXT if tool["name"] == "echo" else {"type": "object"}
    return {"tools": described}


def text(words: object) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": str(words)}]}


def called(name: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    if name in RESULTS:
        return RESULTS[name]
    match name:
        case "echo":
            return text(arguments["text"])
        case "crash":
            print("Goodbye.", file=sys.stderr)
            os._exit(7)
        case "environment":
            return text(json.dumps({"env": dict(os.environ), "cwd": str(Path.cwd())}))
        case "child":
            sleeper = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL)
            return text(sleeper.pid)
        case "client":
            name = CLIENT["clientInfo"]["name"]
            return text(json.dumps({"capabilities": CLIENT["capabilities"], "name": name}))
        case "escape":
            runaway = subprocess.Popen(["sleep", "600"], start_new_session=True)
            return text(runaway.pid)
        case "stopped":
            return text(len(STOPPED))
        case "pid":
            return text(os.getpid())
        case "limits":
            import resource

            return text(resource.getrlimit(resource.RLIMIT_CORE)[0])
        case "ask":
            return asked()
        case "talk":
            sys.stdout.write("y" * (9 << 20) + "\n")
        case "deaf":
            time.sleep(600)
    return None


def asked() -> dict[str, Any]:
    """What the client answers to whatever a server may ask of it: the codes of its errors."""
    codes = {}
    for name in ("sampling/createMessage", "elicitation/create", "roots/list", "shell/run"):
        say(id=name, method=name, params={"messages": [], "maxTokens": 1})
        while "method" in (answer := hear()):
            pass
        codes[name] = answer["error"]["code"]
    return text(json.dumps(codes))


def misbehave() -> None:
    """What the modes do that never come to hear a message."""
    if MODE == "exit":
        print("no licence \x1b]0;found", file=sys.stderr)
        sys.exit(3)
    while MODE == "endless":
        sys.stdout.write("no message\n")
    while MODE == "long":
        sys.stdout.write("x" * (1 << 16))
    if MODE == "noisy":
        print("Welcome!\n\n{}\n[1, 2]\n" + "[" * 100_000, flush=True)


def answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """The rest of an answer: a result or an error. Nothing for no answer."""
    modern = MODERN if MODE == "modern" else {}
    match method:
        case "initialize" if not modern:
            CLIENT.update(params)
            known = {"capabilities": {"tools": {}}, "serverInfo": {"name": MODE, "version": "1"}}
            return {"result": {"protocolVersion": params["protocolVersion"]} | known}
        case "server/discover" if modern:
            return {"result": modern | {"supportedVersions": ["2026-07-28"]}}
        case "tools/list":
            return {"result": modern | tools(params.get("cursor"))}
        case "tools/call" if params["name"] == "refuse":
            return {"error": {"code": -32000, "message": "Not on Sundays."}}
        case "tools/call":
            result = called(params["name"], params.get("arguments", {}))
            return None if result is None else {"result": modern | result}
    return {"error": {"code": -32601, "message": "Method not found"}}


def main() -> None:
    misbehave()
    while True:
        message = hear()
        if message["method"] == "notifications/cancelled":
            STOPPED.append(message["params"]["requestId"])
        if MODE == "hang" or "id" not in message:
            continue
        if (rest := answer(message["method"], message.get("params", {}))) is not None:
            say(id=message["id"], **rest)


if __name__ == "__main__":
    main()
