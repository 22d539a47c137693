"""The adapters of one loaded model: put on when they prove to work, kept when used lately.

A swap back to one that is still in memory reads no file and computes nothing. Which
adapter should answer is decided in `chat`; whether a file may be used at all, in `adapter`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from localai.engine.adapter import AdapterFiles
from localai.engine.base import AdapterFile
from localai.engine.decoder import Decoder
from localai.engine.llama import Llama
from localai.engine.llama_adapter import LlamaAdapter
from localai.errors import AdapterError

KEPT_BYTES = 256 << 20
"""Adapters in memory beyond which those that nothing computes with are freed, the one used
longest ago first: some 25 of rank 8 for the starter model, 3 for one of 8 billion weights."""

PROBE = "The capital of France is Paris. What does the cat say?"
LEAST_CHANGE = 1e-4
"""Share of the largest logit; below it a change may be the rounding of another kernel."""

Logits = np.ndarray[Any, np.dtype[np.float32]]


class Adapters:
    """Puts adapters on contexts over the model of `llama`."""

    def __init__(self, llama: Llama) -> None:
        self._model = llama.model
        architecture = llama.metadata.get("general.architecture", "")
        self._files = AdapterFiles(llama.options.path, architecture)
        self._kept: dict[str, LlamaAdapter] = {}  # by content, the one used last at the end
        self._proven: set[tuple[str, float]] = set()
        self._bare: Logits | None = None

    def put_on(self, llama: Llama, decoder: Decoder, wanted: AdapterFile) -> None:
        """Compute with this adapter from now on, BARE: with none. The cache is dropped.

        Raises AdapterError, and what was in force stays so.
        """
        new = self._fetch(wanted) if wanted.path else None
        scale = wanted.scale if new is not None else 1.0
        before = (llama.adapter, llama.scale)
        if (new, scale) == before:
            return
        decoder.reset()
        try:
            if new is not None and (new.sha256, scale) not in self._proven:
                self._prove(llama, new, wanted)
            llama.attach(new, scale)
        except Exception:
            llama.attach(*before)
            if new is not None:
                self._drop(new)
            raise
        finally:
            decoder.reset()
        self._make_room()

    def _fetch(self, wanted: AdapterFile) -> LlamaAdapter:
        """Its tensors, from memory or from its file."""
        self._files.check(wanted)
        found = self._kept.pop(wanted.sha256, None)
        if found is None:
            found = LlamaAdapter(self._model, Path(wanted.path), wanted.sha256)
        self._kept[wanted.sha256] = found
        return found

    def _drop(self, adapter: LlamaAdapter) -> None:
        """Free it unless a context computes with it."""
        if not adapter.users:
            del self._kept[adapter.sha256]
            adapter.close()

    def _make_room(self) -> None:
        size = sum(each.size for each in self._kept.values())
        for each in list(self._kept.values()):
            if size > KEPT_BYTES and not each.users:
                self._drop(each)
                size -= each.size

    def _prove(self, llama: Llama, adapter: LlamaAdapter, wanted: AdapterFile) -> None:
        """Raise AdapterError unless it changes what the model says to numbers."""
        bare = self._bare_probe(llama)
        llama.attach(adapter, wanted.scale)
        tuned = _probe(llama)[: len(bare)]
        bare = bare[: len(tuned)]
        usual = np.isfinite(bare)
        if not np.isfinite(tuned[usual]).all():
            raise AdapterError(
                f"The adapter {wanted.path} makes the model compute nonsense (values that are "
                "not numbers); choose another one, or tune anew."
            )
        change = np.abs(tuned[usual] - bare[usual]).max(initial=0.0)
        if change <= LEAST_CHANGE * np.abs(bare[usual]).max(initial=0.0):
            raise AdapterError(
                f"The adapter {wanted.path} changes nothing in this model's answers; choose "
                "another one, or tune anew."
            )
        self._proven.add((adapter.sha256, wanted.scale))

    def _bare_probe(self, llama: Llama) -> Logits:
        if self._bare is None:
            llama.attach(None)
            self._bare = _probe(llama)
        return self._bare


def _probe(llama: Llama) -> Logits:
    """The logits of a short text, shape (tokens, n_vocab), from an empty cache."""
    room = min(llama.n_batch, llama.n_ctx, llama.n_outputs)
    ids = llama.tokenizer.tokenize(PROBE, special=False)[:room]
    llama.forget(0, 0)
    llama.decode([(id, position, 0, True) for position, id in enumerate(ids)])
    return np.stack([llama.logits(row) for row in range(len(ids))])
