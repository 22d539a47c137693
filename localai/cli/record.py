"""Conversations and answers as JSON: the contract that scripts rely on.

Keys are only ever added. Everything that a terminal could take for a command is escaped
in the JSON, so that the text survives exactly and the screen stays safe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from localai.conversation import Completion, ToolCall, ToolResult
from localai.moments import utc
from localai.store.rows import Conversation, StoredMessage

if TYPE_CHECKING:
    from localai.evals.sure import Certainty
    from localai.evals.votes import Tally

NOT_ASCII = re.compile(r"[^\x00-\x7e]")


def dumps(value: Any) -> str:
    """JSON on one line; characters that are not printable are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return NOT_ASCII.sub(lambda match: _escaped(match[0]), text)


def answer(
    stored: StoredMessage, *, saved: bool, calls: Sequence[tuple[ToolCall, ToolResult]] = ()
) -> dict[str, Any]:
    """What `localai ask --json` prints. The ids are null when nothing was saved; `calls` are
    those of the turn."""
    origin = stored.origin
    return {
        "answer": stored.message.text,
        "reasoning": stored.message.reasoning,
        **generation(stored.completion),
        "model": origin.model if origin else None,
        "adapter": origin.adapter or None if origin and saved else None,
        "dropped": origin.dropped if origin else 0,
        "tool_calls": [call(each, result) for each, result in calls],
        "conversation_id": stored.conversation if saved else None,
        "message_id": stored.id if saved else None,
    }


def generation(completion: Completion | None) -> dict[str, Any]:
    """How a generation went: finish reason, token counts, milliseconds and tokens/s.

    Nulls when it never got as far as telling.
    """
    if completion is None:
        return {"finish_reason": None, "tokens": None, "timings": None}
    return {
        "finish_reason": completion.finish_reason,
        "tokens": {
            "prompt": completion.prompt_tokens,
            "cached": completion.cached_tokens,
            "generated": completion.generated_tokens,
            "reasoning": completion.reasoning_tokens,
        },
        "timings": {
            **msgspec.structs.asdict(completion.timings),
            "tokens_per_second": round(completion.tokens_per_second, 2),
        },
    }


def tally(votes: Tally) -> dict[str, Any]:
    """The votes between two sides; the share is the second's of those that were decided."""
    return {**msgspec.structs.asdict(votes), "share": votes.share, "interval": votes.interval}


def certainty(found: Certainty) -> dict[str, Any]:
    """How far an answer agrees with what was answered when it was asked for again."""
    return {
        "answers": list(found.all),
        "groups": [list(group) for group in found.groups],
        "same": found.same,
        "of": len(found.all),
    }


def call(asked: ToolCall, result: ToolResult | None = None) -> dict[str, Any]:
    """A tool call, and its result where there is one."""
    found: dict[str, Any] = {"id": asked.id, "name": asked.name, "arguments": asked.arguments}
    return found | (_result(result) if result else {})


def _result(result: ToolResult) -> dict[str, Any]:
    return {"ok": result.ok, "result": result.text, "seconds": round(result.seconds, 4)}


def conversation(row: Conversation) -> dict[str, Any]:
    """A conversation without its messages."""
    return {
        "id": row.id,
        "title": row.title,
        "system": row.system,
        "created": utc(row.created),
        "updated": utc(row.updated),
        "messages": row.messages,
        "deleted": row.deleted,
        "forked_at": row.fork or None,
    }


def message(stored: StoredMessage) -> dict[str, Any]:
    """A message of a conversation; answers also tell where they came from."""
    found: dict[str, Any] = {
        "id": stored.id,
        "role": stored.message.role,
        "text": stored.message.text,
        "created": utc(stored.created),
    }
    if len(stored.siblings) > 1:
        found["alternatives"] = list(stored.siblings)
    if stored.message.calls:
        found["tool_calls"] = [call(each) for each in stored.message.calls]
    if stored.message.results:
        found["tool_results"] = [
            {"id": result.call_id} | _result(result) for result in stored.message.results
        ]
    if stored.origin is None:
        return found
    return found | {
        "reasoning": stored.message.reasoning,
        "status": stored.status,
        "error": stored.error or None,
        "model": stored.origin.model,
        "adapter": stored.origin.adapter or None,
        "sampling": stored.origin.sampling,
        "dropped": stored.origin.dropped,
        **generation(stored.completion),
    }


def _escaped(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]
