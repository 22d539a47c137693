"""Rows of the tables to values and back. Knows the columns, runs no SQL."""

from __future__ import annotations

import struct
from typing import Any, cast

import msgspec

from localai.conversation import Completion, Message, Part, Role, Text
from localai.store import writer
from localai.store.faults import UnreadableRow
from localai.store.rows import Conversation, Origin, Status, StoredMessage

CONVERSATION = (
    "c.id, c.title, c.system, ifnull(c.leaf, ''), c.created, c.updated, "
    "ifnull(l.depth, 0), c.deleted IS NOT NULL, ifnull(c.fork, '')"
)
CONVERSATIONS = "conversations c LEFT JOIN messages l ON l.id = c.leaf"
MESSAGE = (
    "m.id, m.conversation, ifnull(m.parent, ''), m.role, m.status, m.created, m.learn, "
    "m.writer, m.error, m.vocab, m.text, m.origin, m.completion, m.ids, m.parts"
)

# What the leading columns must hold; the others may be NULL.
_CONVERSATION_TYPES = (str, str, str, str, float, float, int, int, str)
_MESSAGE_TYPES = (str, str, str, str, str, float, int, str, str, str, str)
_ROLES = frozenset(("system", "user", "assistant", "tool"))
_STATUSES = frozenset(("streaming", "done", "cancelled", "interrupted", "failed"))
_parts = msgspec.json.Decoder(tuple[Part, ...])
_origin = msgspec.json.Decoder(Origin)
_completion = msgspec.json.Decoder(Completion)
_encode = msgspec.json.Encoder().encode


def conversation(row: tuple[Any, ...]) -> Conversation:
    """A row of CONVERSATION columns."""
    _check(row, _CONVERSATION_TYPES)
    id_, title, system, leaf, created, updated, depth, deleted, fork = row
    return Conversation(id_, title, system, leaf, created, updated, depth, bool(deleted), fork)


def message(row: tuple[Any, ...], siblings: tuple[str, ...]) -> StoredMessage:
    """A row that begins with the MESSAGE columns.

    An answer whose writer died reads as interrupted.
    """
    _check(row, _MESSAGE_TYPES)
    (id_, tree, parent, role, status, created, learn, writing, error, vocab) = row[:10]
    text, origin, completion, ids, parts = row[10:15]
    if role not in _ROLES or status not in _STATUSES:
        raise UnreadableRow(f"message {id_} cannot be read")
    if status == "streaming" and not writer.alive(writing):
        status = "interrupted"
    sampled = unpack(ids)
    return StoredMessage(
        id=id_,
        conversation=tree,
        parent=parent,
        message=Message(
            cast("Role", role),
            (Text(text),) if parts is None else _parts.decode(parts),
            ids=sampled,
            vocab=vocab,
            learn=bool(learn),
        ),
        status=cast("Status", status),
        created=created,
        origin=None if origin is None else _origin.decode(origin),
        completion=None if completion is None else _whole(completion, sampled, vocab),
        error=error,
        siblings=siblings,
    )


def pack(ids: tuple[int, ...]) -> bytes:
    """Token ids as int32, little endian."""
    return struct.pack(f"<{len(ids)}i", *ids)


def unpack(blob: bytes | None) -> tuple[int, ...]:
    """The inverse of `pack`; nothing for NULL."""
    if not blob:
        return ()
    if not isinstance(blob, bytes) or len(blob) % 4:
        raise UnreadableRow("token ids that cannot be read")
    return struct.unpack(f"<{len(blob) // 4}i", blob)


def pack_parts(parts: tuple[Part, ...]) -> tuple[str | None, str]:
    """The columns `parts` and `text`. One plain text is stored once, as `text` alone."""
    if len(parts) == 1 and isinstance(parts[0], Text):
        return None, parts[0].text
    text = "".join(part.text for part in parts if isinstance(part, Text))
    return _encode(parts).decode(), text


def decode_parts(column: str) -> tuple[Part, ...]:
    """The inverse of `pack_parts`, for a column that is not NULL."""
    return _parts.decode(column)


def encode(value: object) -> str:
    """Any value as it stands in a JSON column."""
    return _encode(value).decode()


def pack_origin(origin: Origin | None) -> str | None:
    """The column `origin`, without the prompt, which has a table of its own."""
    if origin is None:
        return None
    return _encode(msgspec.structs.replace(origin, prompt=())).decode()


def pack_completion(completion: Completion | None, message: Message) -> str | None:
    """The column `completion`; ids that are the message's own are not stored twice."""
    if completion is None:
        return None
    if (completion.ids, completion.vocab) == (message.ids, message.vocab):
        completion = msgspec.structs.replace(completion, ids=(), vocab="")
    return _encode(completion).decode()


def _check(row: tuple[Any, ...], types: tuple[type, ...]) -> None:
    """Raise UnreadableRow unless the row begins with values of these types."""
    if tuple(map(type, row[: len(types)])) != types:
        raise UnreadableRow("a row cannot be read")


def _whole(column: str, ids: tuple[int, ...], vocab: str) -> Completion:
    """The completion with the message's ids, where `pack_completion` left them out."""
    completion = _completion.decode(column)
    if completion.ids or completion.vocab:
        return completion
    return msgspec.structs.replace(completion, ids=ids, vocab=vocab)
