"""How large a context window fits into the memory that is free, decided before loading.

Pure but for questions about the machine, which a caller of `choose_window` may answer.
"""

from __future__ import annotations

from pathlib import Path

from localai import paths
from localai.catalog.fit import default_window, fit
from localai.catalog.gguf import GgufHeader
from localai.catalog.memory import free_memory, has_discrete_gpu, own_memory
from localai.config import EngineSettings
from localai.context_window import KvType
from localai.errors import ModelError
from localai.room import Room

LEAST = 2048
"""Tokens; with less no conversation is held without being asked to."""
STEP = 256
MARGIN = 200_000_000
"""Bytes of the free memory that are left to other programs."""


def least_window(header: GgufHeader) -> int:
    """The smallest window in tokens that is chosen for a model."""
    return min(LEAST, default_window(header))


def window_here(path: Path, header: GgufHeader, engine: EngineSettings) -> int:
    """The window to load a model with on this machine, as these settings want it; what a
    training has that makes way is free. Raises ModelError as `choose_window` does."""
    gpu = has_discrete_gpu() and engine.gpu_layers != 0
    trainer = 0 if gpu else Room(paths.home()).trainer
    free = free_memory() + own_memory(trainer) if trainer else None
    return choose_window(path, header, engine.context, engine.kv_type, free=free, gpu=gpu)


def choose_window(
    path: Path,
    header: GgufHeader,
    n_ctx: int = 0,
    kv_type: KvType = "f16",
    *,
    free: int | None = None,
    gpu: bool = False,
) -> int:
    """The window to load a model with: `n_ctx` tokens, or with 0 as many as fit.

    Raises ModelError with the numbers when not even that fits. `free`: bytes (None: ask
    the system). `gpu`: the model goes to a graphics card's own memory, of which nothing is
    known before loading.
    """
    wanted = n_ctx or default_window(header)
    if gpu:
        return wanted
    free = free_memory() if free is None else free
    if _fits(header, wanted, kv_type, free):
        return wanted
    largest = _largest(header, wanted, kv_type, free)
    if largest and not n_ctx:
        return largest
    raise ModelError(_refusal(path, header, n_ctx, kv_type, free, largest))


def _fits(header: GgufHeader, window: int, kv_type: KvType, free: int) -> bool:
    return fit(header, window, kv_type).total + MARGIN <= free


def _largest(header: GgufHeader, wanted: int, kv_type: KvType, free: int) -> int:
    """The largest window below the wanted one that fits, 0 for none of use."""
    least = min(least_window(header), wanted)
    sizes = range(wanted - wanted % STEP, least - 1, -STEP)
    return next((size for size in sizes if _fits(header, size, kv_type, free)), 0)


def _refusal(
    path: Path, header: GgufHeader, n_ctx: int, kv_type: KvType, free: int, largest: int
) -> str:
    """What is needed, what is free, and what would help."""
    window = n_ctx or least_window(header)
    need = fit(header, window, kv_type).total + MARGIN
    helps = []
    if largest:
        helps.append(f"set engine.context to at most {largest}, or to 0")
    if kv_type == "f16" and _fits(header, window, "q8_0", free):
        helps.append("set engine.kv_type to q8_0")
    if not helps:
        helps += ["close other programs", "choose a smaller quantisation or model"]
    return (
        f"{path} needs {_size(need)} of memory with a window of {window:,} tokens and "
        f"{_size(free)} are free; {', or '.join(helps)}."
    )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
