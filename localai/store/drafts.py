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
    `new` when its conversation was not there; `problem` says why nothing was done."""

    new: bool
    added: int
    known: int
    problem: str = ""


def hashes(draft: Draft) -> tuple[bytes, list[bytes]]:
    """The hash of the draft's source, and one for the path to each of its nodes."""
    seed = _hash(draft.identity.encode() or _content(draft))
    found: list[bytes] = []
    taken: set[bytes] = set()
    for node in draft.nodes:
        above = found[node.parent] if node.parent >= 0 else seed
        own = _hash(above, _bytes(node.message))
        while own in taken:
            own = _hash(above, own)
        taken.add(own)
        found.append(own)
    return seed, found


def _content(draft: Draft) -> bytes:
    """One hash for all that is said in the draft."""
    whole = blake2b(draft.system.encode(), digest_size=HASH_BYTES)
    for node in draft.nodes:
        whole.update(b"%d " % node.parent + _bytes(node.message))
    return whole.digest()


def _bytes(message: Message) -> bytes:
    parts, text = pack_parts(message.parts)
    return f"{message.role} {len(text)} {text}{parts or ''}".encode()


def _hash(*pieces: bytes) -> bytes:
    return blake2b(b"".join(pieces), digest_size=HASH_BYTES).digest()
