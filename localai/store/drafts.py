"""What an import hands to the store: conversations from elsewhere, without identities of ours.

Values only, and the hashes that tell what was imported before. Hashes serve that alone: two
identical answers to one question stay two, each with a hash of its own.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from localai.conversation import Message
from localai.store.columns import pack_parts

HASH_BYTES = 16


class Node(msgspec.Struct, frozen=True):
    """A message in its place: `parent` is an index into the draft's nodes, -1 at the root.

    `created` is in Unix seconds; `model` wrote it, as far as its source tells.
    """

    parent: int
    message: Message
    created: float
    model: str = ""


class Draft(msgspec.Struct, frozen=True):
    """A conversation as it was read. Parents come before their children.

    `leaf` is the index of the node it goes on from. `identity` names the conversation where it
    came from ("chatgpt:..."); "" where conversations have no names, so that its whole content
    tells it apart. `left_out` has a reason for each message that was not taken over.
    """

    title: str
    system: str
    created: float
    updated: float
    nodes: tuple[Node, ...]
    leaf: int
    identity: str = ""
    left_out: tuple[str, ...] = ()


class Landed(msgspec.Struct, frozen=True):
    """What became of a draft or a tree: messages that were `added`, or were `known` before.
    `new` when its conversation was not there; `corrections` in force were brought along, to
    be learned from or not; `problem` says why nothing was done. It goes on from `leaf` (an id). In
    a preview that is the last answer on the way there, with another name for one that gets its
    id only when it is recorded."""

    new: bool
    added: int
    known: int
    problem: str = ""
    corrections: int = 0
    leaf: str = ""


def hashes(draft: Draft) -> tuple[bytes, list[bytes]]:
    """The hash of the draft's source, and one for the path to each of its nodes."""
    said = [_bytes(node.message) for node in draft.nodes]
    seed = _hash(draft.identity.encode() or _content(draft, said))
    found: list[bytes] = []
    taken: dict[bytes, int] = {}
    for node, own in zip(draft.nodes, said, strict=True):
        above = found[node.parent] if node.parent >= 0 else seed
        path = _hash(above + own)
        twins = taken[path] = taken.get(path, -1) + 1
        found.append(_hash(path + twins.to_bytes(8)) if twins else path)
    return seed, found


def last_answer(draft: Draft) -> int:
    """The index of the last answer on the way to the draft's leaf, -1 for none."""
    at = draft.leaf
    while at >= 0 and draft.nodes[at].message.role != "assistant":
        at = draft.nodes[at].parent
    return at


def _content(draft: Draft, said: list[bytes]) -> bytes:
    """All that is said in the draft, and where, as one hash."""
    places = ",".join([str(node.parent) for node in draft.nodes]).encode()
    sizes = ",".join([str(len(each)) for each in said]).encode()
    return _hash(b"\0".join((draft.system.encode(), places, sizes, *said)))


def _bytes(message: Message) -> bytes:
    parts, text = pack_parts(message.parts)
    return f"{message.role} {len(text)} {text}{parts or ''}".encode()


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=HASH_BYTES).digest()
