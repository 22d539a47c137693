"""A stand-in for a pretrained model's file: the starter's, as if nobody had taught it to talk.

Its chat template is gone, the markers it was taught are tokens without a meaning, and others,
which it hardly met, are called by the names of Gemma's. What it knows stays: it stands in for
a file that does not know how a turn begins and ends, not for one that knows less.
"""

from __future__ import annotations

import struct
from pathlib import Path

RENAMED = {
    "<|im_start|>": "<unused_001>",
    "<|im_end|>": "<unused_2>",
    "<issue_comment>": "<start_of_turn>",
    "<issue_start>": "<end_of_turn>",
    "tokenizer.chat_template": "tokenizer.lost_template",
}
"""Texts of the header and what takes their place, each as long as the other."""
END_OF_TEXT = 0


def write(starter: Path, path: Path) -> None:
    """Write the stand-in made of the starter model's file."""
    data = bytearray(starter.read_bytes())
    for old, new in RENAMED.items():
        at = _only(data, _string(old))
        data[at : at + 8 + len(old)] = _string(new)
    for name in ("bos", "eos"):
        key = _string(f"tokenizer.ggml.{name}_token_id")
        struct.pack_into("<I", data, _only(data, key) + len(key) + 4, END_OF_TEXT)
    path.write_bytes(data)


def _string(text: str) -> bytes:
    """A string as GGUF has it."""
    return struct.pack("<Q", len(text)) + text.encode()


def _only(data: bytearray, wanted: bytes) -> int:
    """Where it is, the one time that it is there. Raises ValueError."""
    if data.count(wanted) != 1:
        raise ValueError(
            f"{wanted!r} is not in the file once; take the starter model, or a file that brings "
            "no chat template"
        )
    return data.index(wanted)
