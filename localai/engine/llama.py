"""llama.cpp, as little of it as localai needs, behind a class per thing it holds.

The `llama_*` modules and this one alone import the binding. They use the C API: the model and
what is shared over it are in `llama_model`; vocabulary, samplers, adapters have a module each.
No policy lives here (the decode loop is `decoder`, the KV bookkeeping `prefix`, what an
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
from localai.engine.llama_model import LlamaModel, open_context, outputs
from localai.engine.spelling import Spelling
from localai.errors import EngineError, ModelError

ABORTED = 2
"""What llama_decode returns when its abort callback said so."""

Abort = Callable[[], bool]


class Llama:
    """One context over a loaded model, one batch.

    `n_ctx`: the window in tokens. `adapter`: the one in force, None for the bare model, and
    `scale`, how strongly it works. What the model knows (`vocab`, `tokenizer`, `metadata`,
    `template`, `partial`) is named here, too.
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
        self.n_outputs = outputs(options)
        self.adapter: LlamaAdapter | None = None
        self.scale = 1.0
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
        """Free everything, with the model its adapters, too."""
        if self.context is None:
            return
        self.attach(None)
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
    def adapter_key(self) -> str:
        """What computes, for whoever keeps what was computed: the content hash of the adapter
        in force, with its scale unless that is 1.0; empty for the bare model."""
        if self.adapter is None:
            return ""
        return self.adapter.sha256 if self.scale == 1.0 else f"{self.adapter.sha256}@{self.scale}"

    def attach(self, adapter: LlamaAdapter | None, scale: float = 1.0) -> None:
        """Compute with this adapter from now on, instead of another one; None: with none.

        What the cache holds was computed without it. The one before is left to its owner.
        """
        one = 0 if adapter is None else 1
        pointers = (_c.llama_adapter_lora_p_ctypes * one)(*([adapter.pointer] if adapter else []))
        scales = (ctypes.c_float * one)(*([scale] * one))
        if _c.llama_set_adapters_lora(self.context, pointers, one, scales) != 0:
            raise EngineError("llama.cpp cannot use the adapter with this model; choose another.")
        for each, change in ((self.adapter, -1), (adapter, 1)):
            if each is not None:
                each.users += change
        self.adapter, self.scale = adapter, scale

    def decode(
        self, rows: Sequence[tuple[int, int, int, bool]], abort: Abort | None = None
    ) -> bool:
        """Decode rows of (token, position, sequence, logits wanted), at most n_batch of them
        and `n_outputs` with logits.

        False when `abort` said so; rows may then be half in the cache. Raises EngineError.
        """
        if (wanted := sum(row[3] for row in rows)) > self.n_outputs:
            raise EngineError(
                f"The logits of {wanted} tokens were asked for at once and there is room for "
                f"{self.n_outputs}; load the model with a larger n_outputs."
            )
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
