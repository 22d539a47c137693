"""Puts a LoRA adapter on a loaded model, when it is the right file and proves to work.

llama.cpp compares architecture and shapes only. So the file's content is held against its
recorded hash, its header is read with our own eyes, and a short probe must come out
otherwise than without it. Which adapter should answer is decided in `chat`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from localai import digest
from localai.catalog.cursor import Damaged
from localai.catalog.gguf import GgufHeader, read_header
from localai.engine.batch import Decoder
from localai.engine.llama import Llama
from localai.engine.llama_adapter import LlamaAdapter
from localai.errors import AdapterError

PROBE = "The capital of France is Paris. What does the cat say?"
LEAST_CHANGE = 1e-4
"""Share of the largest logit; below it a change may be the rounding of another kernel."""

Logits = np.ndarray[Any, np.dtype[np.float32]]


def put_on(llama: Llama, decoder: Decoder, path: str, sha256: str) -> None:
    """Compute with the adapter in file `path` from now on; "" and "" for the bare model.

    `sha256` is the hash of its content (hex). The cache is dropped. Raises AdapterError, and
    what was in force stays so.
    """
    before, new = llama.adapter, None
    if path:
        verify(Path(path), sha256, llama.metadata.get("general.architecture", ""))
    if (sha256 if path else "") == llama.adapter_hash:
        return
    if path:
        new = LlamaAdapter(llama.model, Path(path), sha256)
    decoder.reset()
    try:
        if new is not None:
            _prove(llama, new, path)
        llama.attach(new)
    except Exception:
        llama.attach(before)
        if new is not None:
            new.close()
        raise
    finally:
        decoder.reset()
    if before is not None:
        before.close()


def verify(path: Path, sha256: str, architecture: str) -> None:
    """Raise AdapterError unless the file has this content and is an adapter for such a model."""
    header = _read(path, sha256)
    if header.kind != "adapter":
        raise AdapterError(f"{path} holds a {header.kind}, not an adapter; choose another file.")
    if header.architecture != architecture:
        raise AdapterError(
            f"The adapter {path} is for models of the kind {header.architecture}, and this one "
            f"is {architecture}; choose an adapter that was made for it."
        )


def _read(path: Path, sha256: str) -> GgufHeader:
    if not path.is_file():
        raise AdapterError(f"There is no adapter file {path}; choose another one, or tune anew.")
    try:
        if digest.sha256(path) != sha256:
            raise AdapterError(
                f"The adapter {path} is not the file it was when it was made; "
                "choose another one, or tune anew."
            )
        header = read_header(path)
    except OSError as error:
        raise AdapterError(
            f"The adapter {path} cannot be read ({error.strerror}); check the disk, or choose "
            "another one."
        ) from error
    except Damaged as error:
        raise AdapterError(
            f"The adapter {path} cannot be used: {error}; choose another one, or tune anew."
        ) from error
    if header.expected_bytes > header.file_bytes:
        raise AdapterError(f"The adapter {path} is truncated; choose another one, or tune anew.")
    return header


def _prove(llama: Llama, adapter: LlamaAdapter, path: str) -> None:
    """Raise AdapterError unless the adapter changes what the model says to numbers."""
    llama.attach(None)
    bare = _probe(llama)
    llama.attach(adapter)
    tuned = _probe(llama)
    usual = np.isfinite(bare)
    if not np.isfinite(tuned[usual]).all():
        raise AdapterError(
            f"The adapter {path} makes the model compute nonsense (values that are not "
            "numbers); choose another one, or tune anew."
        )
    change = np.abs(tuned[usual] - bare[usual]).max(initial=0.0)
    if change <= LEAST_CHANGE * np.abs(bare[usual]).max(initial=0.0):
        raise AdapterError(
            f"The adapter {path} changes nothing in this model's answers; choose another one, "
            "or tune anew."
        )


def _probe(llama: Llama) -> Logits:
    """The logits of a short text, shape (tokens, n_vocab), from an empty cache."""
    room = min(llama.n_batch, llama.n_ctx)
    ids = llama.tokenizer.tokenize(PROBE, special=False)[:room]
    llama.forget(0, 0)
    llama.decode([(id, position, 0, True) for position, id in enumerate(ids)])
    return np.stack([llama.logits(row) for row in range(len(ids))])
