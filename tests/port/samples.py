"""Small exports of other programs, in their shapes, with our own words."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def node(
    key: str,
    parent: str | None,
    role: str = "user",
    text: str = "",
    *,
    content: Json | None = None,
    **message: Any,
) -> tuple[str, Json]:
    """An entry of a ChatGPT mapping."""
    held = content or {"content_type": "text", "parts": [text]}
    said = {"author": {"role": role}, "content": held, "create_time": 1_700_000_000.5} | message
    return key, {"id": key, "parent": parent, "message": said, "children": []}


def chatgpt(*nodes: tuple[str, Json], leaf: str | None = None, name: str = "c-1") -> Json:
    """A conversation of a ChatGPT export under an empty root."""
    root: Json = {"id": "root", "message": None, "parent": None, "children": []}
    mapping: Json = {"root": root} | dict(nodes)
    for key, each in mapping.items():
        if each["parent"] in mapping:
            mapping[each["parent"]]["children"].append(key)
    return {
        "title": "Tides",
        "create_time": 1_700_000_000.0,
        "update_time": 1_700_000_100.0,
        "mapping": mapping,
        "current_node": leaf or next(reversed(mapping)),
        "conversation_id": name,
    }


def talk(name: str = "c-1", *more: tuple[str, Json]) -> Json:
    """A question with its answer, and what follows them."""
    return chatgpt(
        node("q", "root", text="When is high tide?"),
        node("a", "q", "assistant", "At noon.", metadata={"model_slug": "gpt-4o"}),
        *more,
        name=name,
    )


def claude(*messages: Json, name: str = "u-1") -> Json:
    """A conversation of a Claude export."""
    return {
        "uuid": name,
        "name": "Tides",
        "created_at": "2024-05-01T10:00:00.000000Z",
        "updated_at": "2024-05-01T10:01:00.000000Z",
        "chat_messages": list(messages),
    }


def said(name: str, sender: str, text: str = "", **more: Any) -> Json:
    """A message of a Claude export."""
    blocks = [{"type": "text", "text": text}] if text else []
    return {
        "uuid": name,
        "sender": sender,
        "text": text,
        "content": blocks,
        "created_at": "2024-05-01T10:00:30Z",
        "attachments": [],
        "files": [],
    } | more


def openai(*texts: str, **more: Any) -> Json:
    """A row of OpenAI messages, the user's first."""
    roles = ("user", "assistant")
    turns = [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]
    return {"messages": turns} | more


def lines(path: Path, *rows: Json | str) -> Path:
    """A file of JSON lines; texts stand as they are."""
    path.write_text("".join(f"{r if isinstance(r, str) else json.dumps(r)}\n" for r in rows))
    return path


def zipped(path: Path, **members: Any) -> Path:
    """A zip of JSON files, compressed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in members.items():
            archive.writestr(f"export/{name}.json", json.dumps(value))
    return path
