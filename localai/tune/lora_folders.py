"""Adapters in the layouts of other programs: a folder with tensors and a configuration.

MLX: what `mlx_lm.tuner.utils.load_adapters` reads; `lora_a` (inputs, rank), `lora_b` (rank,
outputs). PEFT: what `PeftModel.from_pretrained` reads; `lora_A` (rank, inputs), `lora_B`
(outputs, rank). Both name the modules of the checkpoint. Neither MLX nor torch is needed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save_file

from localai.errors import ModelError
from localai.tune.lora import Lora, Matrix, Pair, paired
from localai.tune.published import MODULES, Base, from_checkpoint, to_checkpoint

CONFIG = "adapter_config.json"
WEIGHTS = {"mlx": "adapters.safetensors", "peft": "adapter_model.safetensors"}

ODD = ("use_dora", "rank_pattern", "alpha_pattern", "alora_invocation_tokens")
"""Settings of PEFT that make a LoRA another thing."""

_PEFT = re.compile(r"(?:base_model\.model\.)?(.+)\.lora_([AB])(?:\.default)?\.weight")
_MLX = re.compile(r"(.+)\.lora_([ab])")
_OF_SEEING = re.compile(r"^language_model\.|(?<=^model\.)language_model\.")
"""In the names of models that also see."""

_BITS = {"F32": "<f4", "F16": "<f2", "F64": "<f8"}


def write(folder: Path, kind: str, lora: Lora, base: Base) -> None:
    """Write an adapter into an empty folder; `kind` is mlx or peft. Raises ModelError when the
    layout cannot hold it."""
    pairs = to_checkpoint(lora, base)
    found = dict[str, Matrix]()
    for module, pair in pairs.items():
        if kind == "mlx":
            found[f"{module}.lora_a"], found[f"{module}.lora_b"] = pair.a.T, pair.b.T
        else:
            owner = f"base_model.model.{module}"
            found[f"{owner}.lora_A.weight"], found[f"{owner}.lora_B.weight"] = pair
    said = {"format": "mlx" if kind == "mlx" else "pt"}
    whole = {name: np.ascontiguousarray(matrix) for name, matrix in found.items()}
    save_file(whole, folder / WEIGHTS[kind], metadata=said)
    config = _mlx_config(lora, pairs, base) if kind == "mlx" else _peft_config(lora, pairs, base)
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _mlx_config(lora: Lora, pairs: Mapping[str, Pair], base: Base) -> dict[str, Any]:
    keys = [part for part in MODULES if any(module.endswith(f".{part}") for module in pairs)]
    return {
        "fine_tune_type": "lora",
        "num_layers": base.blocks,
        "lora_parameters": {
            "rank": lora.rank,
            "scale": lora.scale,
            "dropout": 0.0,
            "keys": keys,
        },
    }


def _peft_config(lora: Lora, pairs: Mapping[str, Pair], base: Base) -> dict[str, Any]:
    parts = sorted({module.rpartition(".")[2] for module in pairs})
    everywhere = len(pairs) == len(parts) * base.blocks
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": None,
        "inference_mode": True,
        "r": lora.rank,
        "lora_alpha": lora.scale * lora.rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "use_rslora": False,
        "use_dora": False,
        "target_modules": parts if everywhere else sorted(pairs),
    }


def kind_of(folder: Path) -> str:
    """mlx or peft. Raises ModelError for a folder of neither."""
    for kind, name in WEIGHTS.items():
        if (folder / name).is_file():
            return kind
    raise ModelError(
        f"{folder} holds no adapter: there is neither {WEIGHTS['peft']} nor {WEIGHTS['mlx']} in "
        "it; export it anew with safetensors."
    )


def read(folder: Path, kind: str, base: Base) -> Lora:
    """What a folder of this kind holds, for `base`. Raises ModelError for what is no plain
    LoRA."""
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
        tensors = _tensors(folder / WEIGHTS[kind])
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"The adapter in {folder} cannot be read ({error}).") from error
    if not isinstance(config, dict):
        raise ModelError(f"{folder / CONFIG} is no configuration of an adapter.")
    pattern, halves = _PEFT if kind == "peft" else _MLX, dict[str, Matrix]()
    for name, matrix in tensors.items():
        match = pattern.fullmatch(name)
        if match is None or matrix.ndim != 2:
            raise ModelError(f"The adapter in {folder} is no plain LoRA: it holds {name}.")
        half = f"{_OF_SEEING.sub('', match[1])}.{match[2].lower()}"
        if half in halves:
            raise ModelError(f"The adapter in {folder} holds {half} twice; export it anew.")
        halves[half] = matrix if kind == "peft" else matrix.T
    if not halves:
        raise ModelError(f"The adapter in {folder} holds nothing.")
    pairs = paired(halves, ".a", ".b")
    rank = Lora(0.0, pairs).rank
    return from_checkpoint(_alpha(config, kind, rank, folder), pairs, base)


def _alpha(config: dict[str, Any], kind: str, rank: int, folder: Path) -> float:
    """What is divided by the rank to scale the products."""
    odd = [name for name in ODD if config.get(name)]
    if config.get("peft_type", "LORA") != "LORA" or config.get("fine_tune_type", "lora") != "lora":
        odd.append("another method")
    if odd:
        raise ModelError(f"The adapter in {folder} is no plain LoRA: it uses {odd[0]}.")
    try:
        if kind == "mlx":
            found = float(config["lora_parameters"]["scale"]) * rank
        else:
            found = float(config["lora_alpha"])
            found *= math.sqrt(rank) if config.get("use_rslora") else 1.0
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder / CONFIG} does not say how strongly it works.") from error
    if not found:
        raise ModelError(f"{folder / CONFIG} says that it works with the strength {found}.")
    return found


def _tensors(path: Path) -> dict[str, Matrix]:
    """All tensors of a safetensors file, as float32."""
    found = {}
    for name, each in deserialize(path.read_bytes()):  # type: ignore[no-untyped-call]
        kind, data = each["dtype"], bytes(each["data"])
        if kind == "BF16":  # the upper half of a float32
            values = (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
        elif kind in _BITS:
            with np.errstate(over="ignore"):  # what it cannot hold becomes infinite
                values = np.frombuffer(data, _BITS[kind]).astype(np.float32)
        else:
            raise ValueError(f"{name} is of the type {kind}")
        found[name] = values.reshape(each["shape"])
    return found
