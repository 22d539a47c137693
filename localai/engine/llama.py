"""llama.cpp, as little of it as localai needs, behind a class per thing it holds.

The `llama_*` modules and this one alone import the binding. They use the C API: model and
context are opened in `llama_model`, vocabulary, samplers and adapters have a module each.
No policy lives here (the decode loop is `batch`, the KV bookkeeping `prefix`, what an
adapter must prove `adapter`). Whoever uses it must close it in the thread that decodes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as _c
from llama_cpp._ggml import libggml as _ggml

from localai.engine.base import LoadOptions
from localai.engine.llama_adapter import LlamaAdapter
from localai.engine.llama_log import Reasons, forward
from localai.engine.llama_model import load_model, open_context, read_metadata
from localai.engine.llama_vocab import LlamaVocab
from localai.engine.spelling import Spelling
from localai.engine.vocab import VocabTokenizer
from localai.errors import EngineError, ModelError

ABORTED = 2
"""What llama_decode returns when its abort callback said so."""
_GPUS = (1, 2)
"""GGML_BACKEND_DEVICE_TYPE_GPU and _IGPU."""
_LOG = _c.llama_log_callback(forward)

Abort = Callable[[], bool]


class Llama:
    """One model, one context over it, one batch.

    `n_ctx`: the window in tokens; `metadata`: the file's key-value pairs; `template`: its
    chat template. `partial`: a sequence's cache can be cut back; recurrent models keep a
    state instead. `adapter`: the one in force, None for the bare model.
    """

    def __init__(self, options: LoadOptions, model: Any, context: Any) -> None:
        self.options, self.model, self.context = options, model, context
        self.vocab = LlamaVocab(model)
        self.tokenizer = VocabTokenizer(self.vocab)
        self.n_ctx: int = _c.llama_n_ctx_seq(context)
        self.n_batch: int = _c.llama_n_batch(context)
        self.metadata = read_metadata(model)
        self.template = self.metadata.get("tokenizer.chat_template")
        self.adapter: LlamaAdapter | None = None
        self.partial = not (_c.llama_model_is_recurrent(model) or _c.llama_model_is_hybrid(model))
        self._batch = _c.llama_batch_init(self.n_batch, 0, 1)
        self._memory = _c.llama_get_memory(context)
        self._never = _c.ggml_abort_callback()

    @classmethod
    def open(cls, options: LoadOptions) -> Llama:
        """Load the bare model; `adapter.put_on` adds what `options` say beyond that.

        Raises ModelError in plain words; llama.cpp's log goes to `logging`.
        """
        _c.llama_log_set(_LOG, None)
        _c.llama_backend_init()
        with Reasons() as log:
            model = load_model(options, log)
            try:
                context = open_context(options, model)
            except ModelError:
                _c.llama_model_free(model)
                raise
        return cls(options, model, context)

    def close(self) -> None:
        """Free everything."""
        if self.context is None:
            return
        if self.adapter is not None:
            adapter = self.adapter
            self.attach(None)
            adapter.close()
        _c.llama_batch_free(self._batch)
        _c.llama_free(self.context)
        _c.llama_model_free(self.model)
        self.context = self.model = None

    @cached_property
    def spelling(self) -> Spelling:
        """The vocabulary from its bytes."""
        return Spelling(self.tokenizer)

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

    @cached_property
    def accelerator(self) -> str:
        """What computes: the first graphics device, else "CPU"."""
        if self.options.n_gpu_layers == 0 or not _c.llama_supports_gpu_offload():
            return "CPU"
        get, kind = _ggml.ggml_backend_dev_get, _ggml.ggml_backend_dev_type
        describe = _ggml.ggml_backend_dev_description
        get.restype, get.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
        kind.argtypes = [ctypes.c_void_p]
        describe.restype, describe.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
        devices = [get(index) for index in range(_ggml.ggml_backend_dev_count())]
        names = [describe(d).decode(errors="replace") for d in devices if kind(d) in _GPUS]
        return names[0] if names else "CPU"

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
