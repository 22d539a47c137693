"""A model file and a context over it, opened by llama.cpp or refused in plain words.

Functions over llama.cpp's own pointers: `llama.Llama` keeps and frees what they return.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Any

from llama_cpp import llama_cpp as _c

from localai.engine.base import LoadOptions
from localai.engine.llama_log import Reasons
from localai.engine.threads import physical_cores
from localai.errors import ModelError

DEFAULT_WINDOW = 8192
ALL_LAYERS = 999

NO_WRITER = (
    "{} is not a model that writes text word by word, so it cannot chat; "
    "choose a text model, for example one from `localai models list`."
)


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


def open_context(options: LoadOptions, model: Any) -> Any:
    """A context with a cache of its own over a model. Raises ModelError."""
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
