"""A model file in memory, and contexts over it, opened by llama.cpp or refused in plain words.

`LlamaModel` is what all contexts over one file share; `llama.Llama` keeps and frees a context.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cached_property
from typing import Any

from llama_cpp import llama_cpp as _c
from llama_cpp._ggml import libggml as _ggml

from localai.context_window import DEFAULT_CONTEXT, KvType
from localai.engine.base import LoadOptions
from localai.engine.llama_log import Reasons, forward
from localai.engine.llama_vocab import LlamaVocab
from localai.engine.spelling import Spelling
from localai.engine.threads import physical_cores
from localai.engine.vocab import VocabTokenizer
from localai.errors import ModelError

ALL_LAYERS = 999

_KV_TYPES: dict[KvType, int] = {
    "f16": _c.GGML_TYPE_F16,
    "q8_0": _c.GGML_TYPE_Q8_0,
    "q4_0": _c.GGML_TYPE_Q4_0,
}
_GPUS = (1, 2)
"""GGML_BACKEND_DEVICE_TYPE_GPU and _IGPU."""
_LOG = _c.llama_log_callback(forward)

NO_WRITER = (
    "{} is not a model that writes text word by word, so it cannot chat; "
    "choose a text model, for example one from `localai models list`."
)


class LlamaModel:
    """One loaded model: its weights, its vocabulary, what its file says.

    `metadata`: the file's key-value pairs; `template`: its chat template. `partial`: a
    sequence's cache can be cut back; recurrent models keep a state instead. Contexts over
    it and adapters for it must be closed before it.
    """

    def __init__(self, options: LoadOptions, pointer: Any) -> None:
        self.options, self.pointer = options, pointer
        self.vocab = LlamaVocab(pointer)
        self.tokenizer = VocabTokenizer(self.vocab)
        self.metadata = read_metadata(pointer)
        self.template = self.metadata.get("tokenizer.chat_template")
        recurrent = _c.llama_model_is_recurrent(pointer) or _c.llama_model_is_hybrid(pointer)
        self.partial = not recurrent

    @classmethod
    def open(cls, options: LoadOptions) -> LlamaModel:
        """Load a file. Raises ModelError in plain words; llama.cpp's log goes to `logging`."""
        _c.llama_log_set(_LOG, None)
        _c.llama_backend_init()
        with Reasons() as log:
            return cls(options, load_model(options, log))

    def close(self) -> None:
        """Free the weights."""
        if self.pointer is not None:
            _c.llama_model_free(self.pointer)
            self.pointer = None

    @cached_property
    def spelling(self) -> Spelling:
        """The vocabulary from its bytes."""
        return Spelling(self.tokenizer)

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


def load_model(options: LoadOptions, log: Reasons) -> Any:
    """The model of a file. Raises ModelError, with the first reason that `log` collected."""
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
    metadata = read_metadata(model)
    name = metadata.get("general.architecture", "")
    pooled = metadata.get(f"{name}.pooling_type", "0") != "0"
    causal = metadata.get(f"{name}.attention.causal", "true") != "false"
    encodes = _c.llama_model_has_encoder(model) or not _c.llama_model_has_decoder(model)
    tokens = _c.llama_vocab_type(_c.llama_model_get_vocab(model)) != _c.LLAMA_VOCAB_TYPE_NONE
    others = encodes or pooled or _c.llama_model_is_diffusion(model)
    return bool(tokens and causal and not others)


def open_context(options: LoadOptions, model: Any, *, streams: bool = False) -> Any:
    """A context with a cache of its own over a model, one for each sequence with `streams`.
    Raises ModelError."""
    params = _context_params(options, _c.llama_model_n_ctx_train(model))
    params.kv_unified = params.kv_unified and not streams
    with Reasons() as log:
        context = _c.llama_init_from_model(model, params)
    if not context:
        raise ModelError(
            f"llama.cpp cannot open a window of {params.n_ctx} tokens over this model "
            f"({log.first}); set a smaller engine.context, engine.kv_type to f16, or use a "
            "smaller model."
        )
    if not _c.llama_get_memory(context):
        # Nothing to remember earlier tokens by: an embedding model whose file does not say so.
        _c.llama_free(context)
        raise ModelError(NO_WRITER.format(options.path))
    return context


def _context_params(options: LoadOptions, trained: int) -> Any:
    """What a context is opened with; only as many logits as are asked for are made room for."""
    params = _c.llama_context_default_params()
    params.n_ctx = options.n_ctx or min(trained or DEFAULT_CONTEXT, DEFAULT_CONTEXT)
    params.n_batch = min(options.n_batch, params.n_ctx)
    params.n_ubatch = params.n_batch
    params.n_outputs_max = outputs(options)
    params.type_k = params.type_v = _KV_TYPES[options.kv_type]
    params.n_seq_max = options.n_seq_max
    params.kv_unified = options.n_seq_max > 1
    params.n_threads = params.n_threads_batch = options.n_threads or physical_cores()
    params.no_perf = True
    return params


def outputs(options: LoadOptions) -> int:
    """How many tokens of one batch may have logits; llama.cpp aborts when there are more."""
    return max(options.n_seq_max, min(options.n_outputs, options.n_batch))


def read_metadata(model: Any) -> dict[str, str]:
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
