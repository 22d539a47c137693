"""A model's GGUF file beside the Hugging Face checkpoint it was converted from.

What tensors are called there, and in which order the rows of q and k are. llama.cpp's
convert_hf_to_gguf.py (`LlamaModel.permute`) puts the two halves of each head of a llama
model's q and k, which the checkpoint has one after the other, row by row in turn. qwen2,
qwen3 and gemma3 files keep the checkpoint's order.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gguf import MODEL_ARCH_NAMES, GGUFReader, get_tensor_name_map

from localai.errors import ModelError
from localai.tune.lora import Lora, Matrix, Pair

PERMUTED = {"llama": True, "qwen2": False, "qwen3": False, "gemma3": False}
"""Architectures whose checkpoints are known here, and whether rows of q and k are permuted."""

MODULES = (
    *("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"),
    *("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"),
)
"""What can be adapted of a block, as it is called in a checkpoint."""


EMBEDDINGS = "token_embd.weight"


class Base(NamedTuple):
    """What a file says of its model. `shapes` (outputs, inputs) by tensor; `modules` names
    the checkpoint's modules by tensor; `heads` counts the heads of those tensors whose rows are
    permuted."""

    architecture: str
    blocks: int
    shapes: Mapping[str, tuple[int, ...]]
    modules: Mapping[str, str]
    heads: Mapping[str, int]


def read(path: Path) -> Base:
    """The model in the file. Raises ModelError when it is in several parts."""
    return describe(GGUFReader(path))


def describe(reader: GGUFReader) -> Base:
    """The model in a file that is open already: opening one reads its whole vocabulary."""

    def value(key: str, default: Any = 0) -> Any:
        field = reader.get_field(key)
        return default if field is None else field.contents()

    if value("split.count") > 1:
        raise ModelError("A model in several files cannot do that yet; use one in a single file.")
    architecture = str(value("general.architecture", ""))
    blocks = int(value(f"{architecture}.block_count"))
    shapes = {each.name: tuple(map(int, each.shape[::-1])) for each in reader.tensors}
    heads = value(f"{architecture}.attention.head_count", 0)
    counts = {"q": heads, "k": value(f"{architecture}.attention.head_count_kv", heads)}
    permuted = {
        name: _of_block(counts[part], block)
        for block in range(blocks if PERMUTED.get(architecture) else 0)
        for part in counts
        if (name := f"blk.{block}.attn_{part}.weight") in shapes
    }
    return Base(architecture, blocks, shapes, _modules(architecture, blocks, shapes), permuted)


def _modules(architecture: str, blocks: int, shapes: Mapping[str, object]) -> dict[str, str]:
    """The checkpoint's modules by tensor, as far as they are known."""
    if architecture not in PERMUTED:
        return {}
    kind = next(key for key, name in MODEL_ARCH_NAMES.items() if name == architecture)
    names = get_tensor_name_map(kind, blocks)
    paths = [f"model.layers.{block}.{part}" for block in range(blocks) for part in MODULES]
    found = {f"{names.get_name(path)}.weight": path for path in paths}
    return {name: path for name, path in found.items() if name in shapes}


def _of_block(value: Any, block: int) -> int:
    return int(value[block] if isinstance(value, list) else value)


def check(lora: Lora, base: Base, model: str) -> None:
    """Raise ModelError, naming what differs, unless the matrices fit the model's weights."""
    for name, pair in lora.pairs.items():
        rank, inputs = pair.a.shape if pair.a.ndim == 2 else (0, 0)
        outputs = pair.b.shape[0]
        if not rank or pair.b.shape != (outputs, rank):
            raise ModelError(f"The adapter's matrices for {name} do not belong together.")
        wanted = base.shapes.get(name)
        if _foreign(name, wanted):
            raise ModelError(
                f"The adapter changes {name}, and this part cannot be adapted here; make one for "
                "the linear layers of the blocks alone."
            )
        if wanted != (outputs, inputs):
            has = "lacks it" if wanted is None else f"has {wanted[0]} x {wanted[-1]}"
            raise ModelError(
                f"The adapter was made for another model than {model}: it changes {name} of "
                f"{outputs} x {inputs} weights, and this model {has}; choose its model with -m."
            )


def _foreign(name: str, wanted: tuple[int, ...] | None) -> bool:
    """Whether it is no linear layer that is known here; `name` is a module's where no tensor is
    called for it. Adapted embeddings can be loaded by llama.cpp in another layout only."""
    if wanted is None:
        return not name.endswith((".weight", *MODULES))
    return name == EMBEDDINGS or len(wanted) != 2


def to_checkpoint(lora: Lora, base: Base) -> dict[str, Pair]:
    """The pairs by the checkpoint's modules, rows in its order. Raises ModelError for a model
    whose checkpoint is not known."""
    found = {}
    for name, pair in lora.pairs.items():
        if name not in base.modules:
            raise ModelError(
                f"What {name} is called in checkpoints of {base.architecture or 'this'} models is "
                "not known here; export the adapter as gguf-lora or merged-gguf."
            )
        found[base.modules[name]] = Pair(pair.a, unpermuted(pair.b, base.heads.get(name, 0)))
    return found


def from_checkpoint(alpha: float, pairs: Mapping[str, Pair], base: Base) -> Lora:
    """The other way round; `pairs` by modules. What the model does not have keeps its name."""
    names = {module: name for name, module in base.modules.items()}
    found = {}
    for module, pair in pairs.items():
        name = names.get(module, module)
        heads = base.heads.get(name, 0)
        fits = heads and pair.b.ndim == 2 and pair.b.shape[0] % (2 * heads) == 0
        found[name] = Pair(pair.a, permuted(pair.b, heads) if fits else pair.b)
    return Lora(alpha, found)


def permuted(rows: Matrix, heads: int) -> Matrix:
    """Rows in a llama file's order, from the checkpoint's: shape (rows, columns). 0 heads: as
    they are."""
    return _swapped(rows, (heads, 2, -1)) if heads else rows


def unpermuted(rows: Matrix, heads: int) -> Matrix:
    """Rows in the checkpoint's order, from a llama file's."""
    return _swapped(rows, (heads, -1, 2)) if heads else rows


def _swapped(rows: Matrix, shape: tuple[int, int, int]) -> Matrix:
    return rows.reshape(*shape, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)
