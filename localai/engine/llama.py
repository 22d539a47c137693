"""llama.cpp, as little of it as localai needs, behind a class per thing it holds.

The only module that imports the binding. It uses the C API: model, context, batch,
memory, samplers; no policy lives here (the decode loop is `batch`, the KV bookkeeping
`prefix`). Whoever uses it must close it in the thread that decodes.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import compress, repeat
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as _c
from llama_cpp._ggml import libggml as _ggml

from localai.engine.base import LoadOptions, Sampling
from localai.engine.llama_log import Reasons, forward
from localai.engine.threads import physical_cores
from localai.engine.vocab import VocabTokenizer
from localai.errors import EngineError, ModelError

DEFAULT_WINDOW = 8192
ALL_LAYERS = 999
ABORTED = 2
"""What llama_decode returns when its abort callback said so."""
_GPUS = (1, 2)
"""GGML_BACKEND_DEVICE_TYPE_GPU and _IGPU."""
_LOG = _c.llama_log_callback(forward)

NO_WRITER = (
    "{} is not a model that writes text word by word, so it cannot chat; "
    "choose a text model, for example one from `localai models list`."
)

Abort = Callable[[], bool]


class LlamaVocab:
    """A model's vocabulary in llama.cpp's own terms."""

    def __init__(self, model: Any) -> None:
        self._vocab = _c.llama_model_get_vocab(model)
        self.size: int = _c.llama_vocab_n_tokens(self._vocab)
        self.bos: int = _c.llama_vocab_bos(self._vocab)
        self.eos: int = _c.llama_vocab_eos(self._vocab)
        self.add_bos: bool = _c.llama_vocab_get_add_bos(self._vocab)

    def attributes(self) -> list[int]:
        """Bits of llama_token_attr, token by token."""
        return list(map(_c.llama_vocab_get_attr, repeat(self._vocab), range(self.size)))

    def ends(self) -> frozenset[int]:
        """The tokens that end a generation, as the file says."""
        ids = range(self.size)
        return frozenset(compress(ids, map(_c.llama_vocab_is_eog, repeat(self._vocab), ids)))

    def pieces(self) -> list[bytes]:
        """The bytes of every token, control tokens included."""
        read, vocab, room = _c.llama_token_to_piece, self._vocab, 64
        found: list[bytes] = []
        buffer = ctypes.create_string_buffer(room)
        for id in range(self.size):
            length = read(vocab, id, buffer, room, 0, True)
            if length < 0:
                room = -length
                buffer = ctypes.create_string_buffer(room)
                length = read(vocab, id, buffer, room, 0, True)
            found.append(buffer.raw[:length])
        return found

    def tokenize(self, text: bytes, *, special: bool) -> list[int]:
        """Ids of UTF-8 text, without BOS."""
        room = len(text) + 8
        while True:
            ids = (_c.llama_token * room)()
            found = _c.llama_tokenize(self._vocab, text, len(text), ids, room, False, special)
            if found >= 0:
                return ids[:found]
            room = -found


class Sampler:
    """A chain that picks the next token (llama_sampler)."""

    def __init__(self, llama: Llama, sampling: Sampling, seed: int, recent: Sequence[int]) -> None:
        self._context = llama.context
        chain = _c.llama_sampler_chain_init(_c.llama_sampler_chain_default_params())
        self._chain: Any = chain

        def add(sampler: Any) -> None:
            _c.llama_sampler_chain_add(chain, sampler)

        penalised = sampling.repeat_penalty != 1.0 and sampling.repeat_last_n > 0
        if penalised:
            last, factor = sampling.repeat_last_n, sampling.repeat_penalty
            add(_c.llama_sampler_init_penalties(llama.vocab.size, last, factor, 0.0, 0.0))
        if sampling.temperature <= 0:
            add(_c.llama_sampler_init_greedy())
        else:
            if sampling.top_k > 0:
                add(_c.llama_sampler_init_top_k(sampling.top_k))
            if sampling.top_p < 1:
                add(_c.llama_sampler_init_top_p(sampling.top_p, 1))
            if sampling.min_p > 0:
                add(_c.llama_sampler_init_min_p(sampling.min_p, 1))
            add(_c.llama_sampler_init_temp(sampling.temperature))
            add(_c.llama_sampler_init_dist(seed))
        for id in recent[-sampling.repeat_last_n :] if penalised else ():
            _c.llama_sampler_accept(chain, id)

    def sample(self, row: int) -> int:
        """The next token after the one at `row` of the last batch."""
        return int(_c.llama_sampler_sample(self._chain, self._context, row))

    def close(self) -> None:
        """Free the chain."""
        if self._chain is not None:
            _c.llama_sampler_free(self._chain)
            self._chain = None


class Llama:
    """One model, one context over it, one batch.

    `n_ctx`: the window in tokens; `metadata`: the file's key-value pairs; `template`: its
    chat template. `partial`: a sequence's cache can be cut back; recurrent models keep a
    state instead. `adapter`: content hash of the adapter in force, empty without one.
    """

    def __init__(self, options: LoadOptions, model: Any, context: Any) -> None:
        self.options, self.model, self.context = options, model, context
        self.vocab = LlamaVocab(model)
        self.tokenizer = VocabTokenizer(self.vocab)
        self.n_ctx: int = _c.llama_n_ctx_seq(context)
        self.n_batch: int = _c.llama_n_batch(context)
        self.metadata = _metadata(model)
        self.template = self.metadata.get("tokenizer.chat_template")
        self.adapter = ""
        self.partial = not (_c.llama_model_is_recurrent(model) or _c.llama_model_is_hybrid(model))
        self._batch = _c.llama_batch_init(self.n_batch, 0, 1)
        self._memory = _c.llama_get_memory(context)
        self._never = _c.ggml_abort_callback()

    @classmethod
    def open(cls, options: LoadOptions) -> Llama:
        """Load a model. Raises ModelError in plain words; llama.cpp's log goes to `logging`."""
        _c.llama_log_set(_LOG, None)
        _c.llama_backend_init()
        with Reasons() as log:
            model = _load_model(options, log)
            try:
                context = _open_context(options, model)
            except ModelError:
                _c.llama_model_free(model)
                raise
        return cls(options, model, context)

    def close(self) -> None:
        """Free everything."""
        if self.context is None:
            return
        _c.llama_batch_free(self._batch)
        _c.llama_free(self.context)
        _c.llama_model_free(self.model)
        self.context = self.model = None

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


def _load_model(options: LoadOptions, log: Reasons) -> Any:
    params = _c.llama_model_default_params()
    params.n_gpu_layers = ALL_LAYERS if options.n_gpu_layers < 0 else options.n_gpu_layers
    model = _c.llama_model_load_from_file(os.fsencode(options.path), params)
    if not model:
        raise ModelError(
            f"llama.cpp cannot load {options.path} ({log.first}); "
            "try another copy, another quantisation, or another model."
        )
    if not _writes(model):
        _c.llama_model_free(model)
        raise ModelError(NO_WRITER.format(options.path))
    return model


def _writes(model: Any) -> bool:
    """Whether a model has tokens and predicts the next one (embedding models do not)."""
    metadata = _metadata(model)
    name = metadata.get("general.architecture", "")
    pooled = metadata.get(f"{name}.pooling_type", "0") != "0"
    causal = metadata.get(f"{name}.attention.causal", "true") != "false"
    encodes = _c.llama_model_has_encoder(model) or not _c.llama_model_has_decoder(model)
    tokens = _c.llama_vocab_type(_c.llama_model_get_vocab(model)) != _c.LLAMA_VOCAB_TYPE_NONE
    others = encodes or pooled or _c.llama_model_is_diffusion(model)
    return bool(tokens and causal and not others)


def _open_context(options: LoadOptions, model: Any) -> Any:
    trained = _c.llama_model_n_ctx_train(model)
    params = _c.llama_context_default_params()
    params.n_ctx = options.n_ctx or min(trained or DEFAULT_WINDOW, DEFAULT_WINDOW)
    params.n_batch = min(options.n_batch, params.n_ctx)
    params.n_ubatch = params.n_batch
    params.n_seq_max = options.n_seq_max
    params.kv_unified = options.n_seq_max > 1
    params.n_threads = params.n_threads_batch = options.n_threads or physical_cores()
    params.no_perf = True
    context = _c.llama_init_from_model(model, params)
    if not context:
        raise ModelError(
            f"There is not enough memory for a window of {params.n_ctx} tokens; "
            "set a smaller engine.context, or use a smaller model."
        )
    if not _c.llama_get_memory(context):
        # Nothing to remember earlier tokens by: an embedding model whose file does not say so.
        _c.llama_free(context)
        raise ModelError(NO_WRITER.format(options.path))
    return context


def _metadata(model: Any) -> dict[str, str]:
    """The file's key-value pairs, arrays left out by llama.cpp."""
    found: dict[str, str] = {}
    for index in range(_c.llama_model_meta_count(model)):
        key = _text(_c.llama_model_meta_key_by_index, model, index)
        found[key] = _text(_c.llama_model_meta_val_str_by_index, model, index)
    return found


def _text(function: Callable[..., int], model: Any, index: int) -> str:
    """A string of any length from a C function that fills a buffer."""
    size = function(model, index, None, 0) + 1
    buffer = ctypes.create_string_buffer(size)
    function(model, index, buffer, size)
    return buffer.value.decode("utf-8", "replace")
