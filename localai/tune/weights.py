"""The model that MLX trains, built from the GGUF file that llama.cpp serves.

One file, no second copy: on a GPU weights stay as narrow as they are, or become bfloat16
where MLX has no twin of their type; on a CPU, whose MLX has no fast kernels for either,
they become float32. Tensors are read one at a time. What cannot be represented is refused:
"not trainable yet". Which architectures there are is in `architectures`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import mlx.core as mx
from gguf import GGMLQuantizationType, GGUFReader, ReaderTensor, get_tensor_name_map
from mlx import nn
from mlx.utils import tree_flatten
from mlx_lm.models import gemma3_text

from localai.tune import tensors
from localai.tune.architectures import ARCHITECTURES, File, NotTrainable, build, opened

Name = Callable[[str], str]
"""From a parameter's path in the MLX model to its tensor's name in a GGUF file."""


class Info(NamedTuple):
    """What the file says of itself; `name` maps a weight's path in the MLX model to its
    tensor's name in the file; `template` is its chat template, "" without one."""

    architecture: str
    template: str
    name: Name


def load(path: Path, *, quantized: bool | None = None) -> tuple[Any, Info]:
    """The model in `path`, ready to run, its weights frozen.

    `quantized` None: on a GPU. Raises NotTrainable in one sentence.
    """
    reader = GGUFReader(path)
    file = opened(reader)
    model = build(file)
    if quantized is None:
        quantized = bool(mx.default_device() == mx.gpu)
    name = _names(file.architecture, len(model.layers))
    template = reader.get_field("tokenizer.chat_template")
    text = "" if template is None else str(template.contents())
    reader.fields.clear()  # every token of the vocabulary is an object or two in them
    _fill(model, file, name, quantized=quantized)
    model.freeze()
    model.eval()
    return model, Info(file.architecture, text, name)


def _names(architecture: str, layers: int) -> Name:
    names = get_tensor_name_map(ARCHITECTURES[architecture].names, layers)

    def name(path: str) -> str:
        found = names.get_name(path, try_suffixes=(".weight", ".bias"))
        if found is None:
            raise NotTrainable(f"The model has a part that cannot be trained yet: {path}.")
        return found

    return name


def _fill(model: nn.Module, file: File, name: Name, *, quantized: bool) -> None:
    """Put every tensor of the file in its place; each place and each tensor exactly once."""
    modules, found = dict(model.named_modules()), file.tensors
    for path, _ in tree_flatten(model.parameters()):
        tensor = found.pop(name(path), None)
        if tensor is None or tensor.tensor_type not in tensors.TRAINABLE:
            what = "is missing" if tensor is None else f"is {tensor.tensor_type.name}"
            raise NotTrainable(
                f"This model cannot be trained yet: its tensor {name(path)} {what}. "
                "Chatting works; choose another file to train, such as a Q4_K_M or Q8_0 one."
            )
        owner, _, attribute = path.rpartition(".")
        if quantized and tensor.tensor_type in tensors.BITS:
            modules[owner] = _quantized_module(modules[owner], tensor)
            _replace(model, owner, modules[owner])
        else:
            value = tensors.as_float(tensor, _width(tensor, quantized=quantized))
            # Gemma's norms multiply by 1 more than they hold, its files hold that already.
            one_more = isinstance(modules[owner], gemma3_text.RMSNorm)
            setattr(modules[owner], attribute, value - 1 if one_more else value)
            mx.eval(modules[owner].parameters())
    if found:
        raise NotTrainable(
            f"This model cannot be trained yet: nothing is known of its tensor {min(found)}. "
            "Chatting works; choose another model to train."
        )


def _width(tensor: ReaderTensor, *, quantized: bool) -> mx.Dtype:
    """What the numbers of a tensor that is not quantised here are kept in: bfloat16 rather
    than float16, whose range the products of some models leave."""
    exact = tensor.tensor_type == GGMLQuantizationType.F32 or not quantized
    return mx.float32 if exact else mx.bfloat16


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
    if "bias" in plain:
        twin.bias = plain.bias
    mx.eval(twin.parameters())
    return twin


def _replace(model: nn.Module, path: str, new: nn.Module) -> None:
    """Put `new` where the module at `path` is."""
    place: Any = model
    *way, last = path.split(".")
    for step in way:
        place = place[int(step)] if step.isdigit() else getattr(place, step)
    setattr(place, last, new)
