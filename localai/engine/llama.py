"""llama.cpp, as little of it as localai needs, behind a class per thing it holds.

The `llama_*` modules and this one alone import the binding. They use the C API: the model and
what is shared over it are in `llama_model`; vocabulary, samplers, adapters have a module each.
No policy lives here (the decode loop is `batch`, the KV bookkeeping `prefix`, what an
adapter must prove `adapter`). Whoever uses it must close it in the thread that decodes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as _c

from localai.engine.base import LoadOptions
from localai.engine.llama_adapter import LlamaAdapter
from localai.engine.llama_model import LlamaModel, open_context
from localai.engine.spelling import Spelling
from localai.errors import EngineError, ModelError

ABORTED = 2
"""What llama_decode returns when its abort callback said so."""

Abort = Callable[[], bool]


class Llama:
    """One context over a loaded model, one batch.

    `n_ctx`: the window in tokens. `adapter`: the one in force, None for the bare model. What
    the model knows (`vocab`, `tokenizer`, `metadata`, `template`, `partial`) is named here,
    too.
    """

    def __init__(
        self,
        model: LlamaModel,
        options: LoadOptions,
        *,
        owner: bool = False,
        streams: bool = False,
    ) -> None:
        """Open a context; its owner frees the model, too. With `streams` the window is divided
        among the sequences, each with a cache by itself. Raises ModelError."""
        self.options, self.model, self._owner = options, model, owner
        self.context = open_context(options, model.pointer, streams=streams)
        self.vocab, self.tokenizer = model.vocab, model.tokenizer
        self.metadata, self.template = model.metadata, model.template
        self.partial = model.partial
        self.n_ctx: int = _c.llama_n_ctx_seq(self.context)
        self.n_batch: int = _c.llama_n_batch(self.context)
        self.adapter: LlamaAdapter | None = None
        self._batch = _c.llama_batch_init(self.n_batch, 0, 1)
        self._memory = _c.llama_get_memory(self.context)
        self._never = _c.ggml_abort_callback()

    @classmethod
    def open(cls, options: LoadOptions) -> Llama:
        """Load the bare model and open its first context, which owns it; `adapter.put_on`
        adds what `options` say beyond that. Raises ModelError in plain words."""
        model = LlamaModel.open(options)
        try:
            return cls(model, options, owner=True)
        except ModelError:
            model.close()
            raise

    def beside(self, options: LoadOptions, *, streams: bool = False) -> Llama:
        """Another context over the same model, without an adapter; to be closed before this
        one. Raises ModelError."""
        return Llama(self.model, options, streams=streams)

    def close(self) -> None:
        """Free everything; the adapter in force, too."""
        if self.context is None:
            return
        if self.adapter is not None:
            adapter = self.adapter
            self.attach(None)
            adapter.close()
        _c.llama_batch_free(self._batch)
        _c.llama_free(self.context)
        self.context = None
        if self._owner:
            self.model.close()

    @property
    def spelling(self) -> Spelling:
        """The vocabulary from its bytes."""
        return self.model.spelling

    @property
    def adapter_hash(self) -> str:
        """The content hash of the adapter in force, empty for the bare model."""
        return "" if self.adapter is None else self.adapter.sha256

    def attach(self, adapter: LlamaAdapter | None) -> None:
        """Compute with this adapter from now on, instead of another one; None: with none.

        What the cache holds was computed without it. The one before is left to its owner.
        """
        one = 0 if adapter is None else 1
        pointers = (_c.llama_adapter_lora_p_ctypes * one)(*([adapter.pointer] if adapter else []))
        scales = (ctypes.c_float * one)(*([1.0] * one))
        if _c.llama_set_adapters_lora(self.context, pointers, one, scales) != 0:
            raise EngineError("llama.cpp cannot use the adapter with this model; choose another.")
        self.adapter = adapter

    def decode(
        self, rows: Sequence[tuple[int, int, int, bool]], abort: Abort | None = None
    ) -> bool:
        """Decode rows of (token, position, sequence, logits wanted), at most n_batch.

        False when `abort` said so; rows may then be half in the cache. Raises EngineError.
        """
        batch = self._batch
        for i, (token, position, sequence, logits) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.logits[i] = token, position, logits
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, sequence
        batch.n_tokens = len(rows)
        if abort is None:
            code = _c.llama_decode(self.context, batch)
        else:
            callback = _c.ggml_abort_callback(lambda _: abort())
            _c.llama_set_abort_callback(self.context, callback, None)
            try:
                code = _c.llama_decode(self.context, batch)
            finally:
                _c.llama_set_abort_callback(self.context, self._never, None)
        if code not in (0, ABORTED):
            raise EngineError(
                f"llama.cpp could not go on (code {code}); send it again, or start a shorter chat."
            )
        return bool(code == 0)

    def forget(self, sequence: int, start: int) -> bool:
        """Drop a sequence's cache from position `start` on; False where the model cannot."""
        return bool(_c.llama_memory_seq_rm(self._memory, sequence, start, -1))

    def copy(self, source: int, target: int) -> None:
        """Give an empty sequence all that another has. With streams the next decode copies
        it in memory, otherwise both own the same cells."""
        _c.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def first_position(self, sequence: int) -> int:
        """The oldest position that is still in a sequence's cache; -1 when it is empty."""
        return int(_c.llama_memory_seq_pos_min(self._memory, sequence))

    def logits(self, row: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Logits of a row of the last batch, shape (n_vocab,); valid until the next decode."""
        pointer = _c.llama_get_logits_ith(self.context, row)
        return np.ctypeslib.as_array(pointer, (self.vocab.size,))

    def use_threads(self, count: int) -> None:
        """Threads for decoding and for reading prompts, from now on."""
        _c.llama_set_n_threads(self.context, count, count)
