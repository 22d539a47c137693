"""One sequence's cache in a file, and back, as llama.cpp writes it.

The file begins with the token ids; see `kept`, which judges what may be read.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

import llama_cpp
from llama_cpp import llama_cpp as _c

from localai.engine.llama import Llama

BUILD = f"{llama_cpp.__version__} {_c.LLAMA_STATE_SEQ_VERSION}"
"""What changes when another llama.cpp may compute or write otherwise."""


def size(llama: Llama, sequence: int) -> int:
    """Bytes that a sequence takes in a file, without its ids."""
    return int(_c.llama_state_seq_get_size(llama.context, sequence))


def whole_only(llama: Llama) -> bool:
    """Whether a file serves only what begins with all its ids: recurrent models keep a state,
    and of a sliding window the file has no more than is needed to go on at its end."""
    return not llama.partial or _c.llama_model_n_swa(llama.model.pointer) > 0


def save(llama: Llama, sequence: int, ids: Sequence[int], path: Path) -> bool:
    """Write a sequence, which holds `ids`, into a file; False when that failed."""
    tokens = (_c.llama_token * len(ids))(*ids)
    name = os.fsencode(path)
    return bool(_c.llama_state_seq_save_file(llama.context, name, sequence, tokens, len(ids)))


def load(llama: Llama, sequence: int, path: Path, count: int) -> list[int]:
    """Bring the `count` ids of a file into an empty sequence; none when that failed."""
    tokens, found = (_c.llama_token * count)(), ctypes.c_size_t()
    name = os.fsencode(path)
    read = _c.llama_state_seq_load_file(
        llama.context, name, sequence, tokens, count, ctypes.byref(found)
    )
    return list(tokens[: found.value]) if read else []
