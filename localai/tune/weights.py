"""The model that MLX trains, built from the GGUF file that llama.cpp serves.

One file, no second copy: quantised weights stay quantised on a GPU and become float32 on
a CPU, whose MLX has no fast kernels for them. Rows of q and k stay permuted as the file
has them, which is what `rope_traditional` expects. Tensors are read one at a time. What
cannot be represented exactly is refused: "not trainable yet".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import mlx.core as mx
from gguf import MODEL_ARCH, GGUFReader, ReaderTensor, get_tensor_name_map
from mlx import nn
from mlx.utils import tree_flatten
from mlx_lm.models import llama

from localai.errors import ModelError
from localai.tune import tensors

ROPE_FACTORS = "rope_freqs.weight"


class NotTrainable(ModelError):
    """The model can chat, but not be trained yet."""


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


class Info(NamedTuple):
    """What the file says of itself; `name` maps a weight's path in the MLX model to its
    tensor's name in the file; `template` is its chat template, "" without one."""

    architecture: str
    template: str
    name: Callable[[str], str]


def load(path: Path, *, quantized: bool | None = None) -> tuple[llama.Model, Info]:
    """The model in `path`, ready to run, its weights frozen.

    `quantized` None: on a GPU. Raises NotTrainable in one sentence.
    """
    reader = GGUFReader(path)
    args = _arguments(reader)
    model = llama.Model(args)
    if quantized is None:
        quantized = bool(mx.default_device() == mx.gpu)
    found = {tensor.name: tensor for tensor in reader.tensors}
    factors = found.pop(ROPE_FACTORS, None)
    _fill(model, args, found, quantized=quantized)
    if factors is not None:
        for layer in model.layers:
            layer.self_attn.rope = FactorRope(
                args.head_dim or args.hidden_size // args.num_attention_heads,
                args.rope_theta,
                tensors.as_float(factors),
            )
    model.freeze()
    model.eval()
    template = reader.get_field("tokenizer.chat_template")
    return model, Info("llama", "" if template is None else str(template.contents()), _names(args))


def _names(args: llama.ModelArgs) -> Callable[[str], str]:
    """From a parameter's path in the MLX model to its tensor's name in a GGUF file."""
    names = get_tensor_name_map(MODEL_ARCH.LLAMA, args.num_hidden_layers)

    def name(path: str) -> str:
        found = names.get_name(path, try_suffixes=(".weight", ".bias"))
        if found is None:
            raise NotTrainable(f"The model has a part that cannot be trained yet: {path}.")
        return found

    return name


def _fill(
    model: llama.Model,
    args: llama.ModelArgs,
    found: dict[str, ReaderTensor],
    *,
    quantized: bool,
) -> None:
    """Put every tensor of the file in its place; each place and each tensor exactly once."""
    name = _names(args)
    modules = dict(model.named_modules())
    for path, _ in tree_flatten(model.parameters()):
        tensor = found.pop(name(path), None)
        if tensor is None or tensor.tensor_type not in tensors.TRAINABLE:
            what = "is missing" if tensor is None else f"is {tensor.tensor_type.name}"
            raise NotTrainable(
                f"This model cannot be trained yet: its tensor {name(path)} {what}. "
                "Chatting works; choose a Q4_0, Q4_1, Q8_0 or F16 file to train."
            )
        owner, _, attribute = path.rpartition(".")
        if quantized and tensor.tensor_type in tensors.BITS:
            _replace(model, owner, _quantized_module(modules[owner], tensor))
        else:
            setattr(modules[owner], attribute, tensors.as_float(tensor))
            mx.eval(modules[owner].parameters())
    if found:
        raise NotTrainable(
            f"This model cannot be trained yet: nothing is known of its tensor {min(found)}. "
            "Chatting works; choose another model to train."
        )


def _quantized_module(plain: nn.Module, tensor: ReaderTensor) -> nn.Module:
    """The quantised twin of a linear layer or an embedding."""
    parts = tensors.as_quantized(tensor)
    kind = nn.QuantizedEmbedding if isinstance(plain, nn.Embedding) else nn.QuantizedLinear
    twin = kind.__new__(kind)
    nn.Module.__init__(twin)
    twin.group_size, twin.bits, twin.mode = tensors.GROUP, parts.bits, "affine"
    twin.weight, twin.scales, twin.biases = parts.weight, parts.scales, parts.biases
    if isinstance(plain, nn.Embedding):
        twin.num_embeddings, twin.dims = plain.weight.shape
    mx.eval(twin.parameters())
    return twin


def _replace(model: nn.Module, path: str, new: nn.Module) -> None:
    """Put `new` where the module at `path` is."""
    place: Any = model
    *way, last = path.split(".")
    for step in way:
        place = place[int(step)] if step.isdigit() else getattr(place, step)
    setattr(place, last, new)


def _arguments(reader: GGUFReader) -> llama.ModelArgs:
    """The model's shape, from the file's metadata (keys: gguf specification)."""

    def value(key: str, default: Any = None) -> Any:
        field = reader.get_field(key)
        return default if field is None else field.contents()

    _refuse_others(value)
    heads = int(value("llama.attention.head_count"))
    size = int(value("llama.embedding_length"))
    names = {tensor.name: tensor for tensor in reader.tensors}
    head = int(value("llama.attention.key_length", size // heads))
    if int(value("llama.rope.dimension_count", head)) != head:
        raise NotTrainable("This model cannot be trained yet (partial rotation); chatting works.")
    return llama.ModelArgs(
        model_type="llama",
        hidden_size=size,
        num_hidden_layers=int(value("llama.block_count")),
        intermediate_size=int(value("llama.feed_forward_length")),
        num_attention_heads=heads,
        num_key_value_heads=int(value("llama.attention.head_count_kv", heads)),
        head_dim=head,
        rms_norm_eps=float(value("llama.attention.layer_norm_rms_epsilon")),
        vocab_size=int(names["token_embd.weight"].shape[1]),
        rope_theta=float(value("llama.rope.freq_base", 10000.0)),
        rope_traditional=True,
        attention_bias="blk.0.attn_q.bias" in names,
        mlp_bias="blk.0.ffn_up.bias" in names,
        tie_word_embeddings="output.weight" not in names,
    )


def _refuse_others(value: Callable[..., Any]) -> None:
    """Raise NotTrainable for what is no plain llama; `value` looks a key up."""
    architecture = value("general.architecture", "")
    if architecture != "llama":
        raise NotTrainable(
            f"Models of the architecture {architecture!r} cannot be trained yet; "
            "chatting works. Choose a llama model to train."
        )
    if value("llama.rope.scaling.type", "none") != "none" or value("llama.expert_count", 0):
        raise NotTrainable(
            "This model cannot be trained yet (stretched positions or experts); "
            "chatting works. Choose another llama model to train."
        )
