"""The result of an MCP call as text, which is all that a model here reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from localai.tools.outcome import Failed, Limits, Ok, Outcome, TooMuchOutput

if TYPE_CHECKING:
    from mcp.types import CallToolResult, ContentBlock

MOST_ERROR = 2000
_MOST_BYTES = Limits().output_bytes


def outcome(tool: str, result: CallToolResult, seconds: float) -> Outcome:
    """What came of a call of `tool` that took so long.

    Texts are joined; where there is none, the structured result stands for them as JSON.
    What is no text is named in brackets.
    """
    parts = [_part(block) for block in result.content]
    wordless = not any(block.type == "text" for block in result.content)
    if wordless and result.structured_content is not None:
        parts.insert(0, json.dumps(result.structured_content, ensure_ascii=False))
    text = "\n".join(parts)
    if result.is_error:
        return Failed(_cut(text) or f"{tool} failed and did not say why.", seconds)
    if len(text.encode("utf-8", "replace")) > _MOST_BYTES:
        return TooMuchOutput(
            f"The result of {tool} is longer than {_MOST_BYTES >> 10} KB; ask for less.", seconds
        )
    return Ok(text, seconds)


def _part(block: ContentBlock) -> str:
    match block.type:
        case "text":
            return block.text
        case "image" | "audio":
            kilobytes = len(block.data) * 3 / 4 / 1024
            return f"[{block.type}: {block.mime_type}, {kilobytes:.1f} KB]"
        case "resource_link":
            return f"[resource: {block.name}, {block.uri}]"
        case "resource":
            named = f"[resource: {block.resource.uri}]"
            text = getattr(block.resource, "text", None)
            return named if text is None else f"{named}\n{text}"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_ERROR else text[: MOST_ERROR - 1] + "…"
