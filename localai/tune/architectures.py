"""The architectures that can be trained: mlx-lm's modules, shaped by a file's metadata.

Each says how its files differ from what mlx-lm expects: llama files hold the rows of q and
k permuted, which is what `rope_traditional` expects. Weights are put in by `weights`.
What llama.cpp computes and this would not is refused. Keys: gguf specification; what they
mean to Gemma 3: llama.cpp's llama_model_gemma3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mlx.core as mx
from gguf import MODEL_ARCH, GGUFReader, ReaderTensor
from mlx import nn
from mlx_lm.models import gemma3_text, llama, qwen2, qwen3

from localai.errors import ModelError
from localai.tune import tensors

ROPE_FACTORS = "rope_freqs.weight"

PERIOD = 6
"""Gemma 3: each layer of that number sees everything, where the file says nothing else."""

LARGEST_GEMMA = 62
"""Layers of the one Gemma 3 whose attention is scaled otherwise."""


class NotTrainable(ModelError):
    """The model can chat, but not be trained yet."""


class File(NamedTuple):
    """A model's file. `value` looks up a key of its architecture; `tensors` are those that
    have no place yet."""

    architecture: str
    value: Callable[..., Any]
    tensors: dict[str, ReaderTensor]

    @property
    def tied(self) -> bool:
        """Whether the embeddings are the output's weights, too."""
        return "output.weight" not in self.tensors


class FactorRope(nn.Module):
    """Rotary positions whose frequencies are divided by the file's own factors (Llama 3)."""

    def __init__(self, dims: int, base: float, factors: mx.array) -> None:
        super().__init__()
        self._dims = dims
        self._freqs = factors * base ** (mx.arange(0, dims, 2) / dims)

    def __call__(self, x: mx.array, offset: int = 0) -> mx.array:
        """Turn `x` of shape (batch, heads, length, dims)."""
        return mx.fast.rope(
            x,
            self._dims,
            traditional=True,
            base=None,
            scale=1.0,
            offset=offset,
            freqs=self._freqs,
        )


def opened(reader: GGUFReader) -> File:
    """What is in the file. Raises NotTrainable for an architecture that is not here."""
    field = reader.get_field("general.architecture")
    architecture = "" if field is None else str(field.contents())
    if architecture not in ARCHITECTURES:
        *most, last = ARCHITECTURES
        raise NotTrainable(
            f"Models of the architecture {architecture!r} cannot be trained yet; chatting works. "
            f"Choose a {', '.join(most)} or {last} model to train."
        )

    def value(key: str, default: Any = None) -> Any:
        field = reader.get_field(f"{architecture}.{key}")
        return default if field is None else field.contents()

    return File(architecture, value, {tensor.name: tensor for tensor in reader.tensors})


def build(file: File) -> nn.Module:
    """The model without its weights. Raises NotTrainable."""
    if _stretched(file) or file.value("expert_count", 0):
        raise NotTrainable(
            "This model cannot be trained yet (stretched positions or experts); "
            "chatting works. Choose another model to train."
        )
    head = _head(file)
    if _number(file, "rope.dimension_count", head) != head:
        raise NotTrainable("This model cannot be trained yet (partial rotation); chatting works.")
    return ARCHITECTURES[file.architecture].build(file)


def _stretched(file: File) -> bool:
    """Whether positions are stretched in a way that is not known here. A factor without a
    type is linear to llama.cpp, and one of 0 is none."""
    known = (None, "none", "linear") if file.architecture == "gemma3" else (None, "none")
    kind = file.value("rope.scaling.type")
    factors = ["rope.scale_linear"]
    if kind is None:
        factors.append("rope.scaling.factor")
    return (
        kind not in known
        or any(_number(file, key, 1.0) not in (0, 1) for key in factors)
        or _number(file, "rope.scaling.attn_factor", 1.0) != 1
    )


def _head(file: File) -> int:
    """Numbers in a query."""
    size, heads = _number(file, "embedding_length"), _number(file, "attention.head_count")
    return int(_number(file, "attention.key_length", size // heads))


def _number(file: File, key: str, default: float | None = None) -> float:
    """A value that is the same for all layers. Raises NotTrainable when it is not one number."""
    found = file.value(key, default)
    if not isinstance(found, int | float):
        raise NotTrainable(
            f"This model cannot be trained yet ({key} is not one number); chatting works."
        )
    return found


def _sizes(file: File) -> dict[str, Any]:
    """What all architectures say alike, in mlx-lm's words."""
    heads = int(_number(file, "attention.head_count"))
    return {
        "model_type": file.architecture,
        "hidden_size": int(_number(file, "embedding_length")),
        "num_hidden_layers": int(_number(file, "block_count")),
        "intermediate_size": int(_number(file, "feed_forward_length")),
        "num_attention_heads": heads,
        "num_key_value_heads": int(_number(file, "attention.head_count_kv", heads)),
        "rms_norm_eps": float(_number(file, "attention.layer_norm_rms_epsilon")),
        "vocab_size": int(file.tensors["token_embd.weight"].shape[1]),
        "rope_theta": float(_number(file, "rope.freq_base", 10000.0)),
    }


def _llama(file: File) -> nn.Module:
    args = llama.ModelArgs(
        **_sizes(file),
        head_dim=_head(file),
        rope_traditional=True,
        attention_bias="blk.0.attn_q.bias" in file.tensors,
        mlp_bias="blk.0.ffn_up.bias" in file.tensors,
        tie_word_embeddings=file.tied,
    )
    model = llama.Model(args)
    if (factors := file.tensors.pop(ROPE_FACTORS, None)) is not None:
        for layer in model.layers:
            divisors = tensors.as_float(factors)
            layer.self_attn.rope = FactorRope(args.head_dim, args.rope_theta, divisors)
    return model


def _qwen2(file: File) -> nn.Module:
    """Queries, keys and values have biases."""
    args = qwen2.ModelArgs(**_sizes(file), tie_word_embeddings=file.tied)
    if _head(file) * args.num_attention_heads != args.hidden_size:
        raise NotTrainable("This model cannot be trained yet (its heads); chatting works.")
    return qwen2.Model(args)


def _qwen3(file: File) -> nn.Module:
    """Queries and keys are normed, head by head."""
    return qwen3.Model(
        qwen3.ModelArgs(
            **_sizes(file),
            head_dim=_head(file),
            max_position_embeddings=int(_number(file, "context_length")),
            tie_word_embeddings=file.tied,
        )
    )


def _gemma3(file: File) -> nn.Module:
    """Most layers see a window only, and count positions by a base of their own."""
    if file.value("final_logit_softcapping", 0.0):
        raise NotTrainable("This model cannot be trained yet (capped logits); chatting works.")
    sizes, head = _sizes(file), _head(file)
    window = int(_number(file, "attention.sliding_window", 0))
    largest = sizes["num_hidden_layers"] == LARGEST_GEMMA
    scaling = None
    if file.value("rope.scaling.type", "none") == "linear":
        factor = _number(file, "rope.scaling.factor", 1.0) or 1.0
        scaling = {"rope_type": "linear", "factor": factor}
    args = gemma3_text.ModelArgs(
        **sizes,
        head_dim=head,
        query_pre_attn_scalar=sizes["hidden_size"] // sizes["num_attention_heads"]
        if largest
        else head,
        sliding_window=window,
        sliding_window_pattern=_period(file) if window else 1,
        rope_scaling=scaling,
        rope_local_base_freq=_number(file, "rope.freq_base_swa", 10000.0),
    )
    model = gemma3_text.Model(args)
    if file.tied:
        model.sanitize({})  # takes its output layer away
    for layer in model.layers:
        layer.self_attn.window = window if layer.self_attn.is_sliding else 0
    return model


def _period(file: File) -> int:
    """Each layer of that number sees everything; files say it so, or layer by layer."""
    said = file.value("attention.sliding_window_pattern", PERIOD)
    if isinstance(said, int):
        return said
    period = [*said, False].index(False) + 1
    if any(bool(slides) == ((i + 1) % period == 0) for i, slides in enumerate(said)):
        raise NotTrainable("This model cannot be trained yet (its windows); chatting works.")
    return period


class Architecture(NamedTuple):
    """`names`: the key of its tensors' names in gguf; `build` makes the model from a file."""

    names: MODEL_ARCH
    build: Callable[[File], nn.Module]


ARCHITECTURES = {
    "llama": Architecture(MODEL_ARCH.LLAMA, _llama),
    "qwen2": Architecture(MODEL_ARCH.QWEN2, _qwen2),
    "qwen3": Architecture(MODEL_ARCH.QWEN3, _qwen3),
    "gemma3": Architecture(MODEL_ARCH.GEMMA3, _gemma3),
}
