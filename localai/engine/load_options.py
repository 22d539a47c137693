"""How a model is loaded, and which adapters answer. Values only; `base` hands them on."""

from __future__ import annotations

import msgspec

from localai.context_window import BATCH, OUTPUTS, KvType


class AdapterFile(msgspec.Struct, frozen=True):
    """A LoRA adapter to answer with: its GGUF file, whose content has the hash `sha256` (hex),
    and how strongly it works (`scale`; 1.0 as it was trained). `base` is the hash of the
    model's file where the caller knows it, so that it need not be read. All of it at its
    defaults means the bare model."""

    path: str = ""
    sha256: str = ""
    scale: float = 1.0
    base: str = ""


BARE = AdapterFile()


class Beside(msgspec.Struct, frozen=True):
    """An adapter that answers beside the one in force, in a context of its own over the same
    weights; its window holds `n_ctx` tokens (0, and at most: as many as the first one's)."""

    adapter: AdapterFile
    n_ctx: int = 0


class LoadOptions(msgspec.Struct, frozen=True):
    """How to load a model. 0 or -1 means "choose for this machine".

    `n_ctx`: context window in tokens (0: the training length, at most 8192).
    `n_gpu_layers`: layers on the accelerator (-1: all). `n_threads`: 0 for all physical
    cores, adapted to the load. `n_batch`: prompt tokens per decode call, `n_outputs` those
    of them whose logits may be asked for. `kv_type`: how the cache keeps keys and values.
    `template`: a chat template that replaces the file's own. `adapter`: what answers first.
    `kv_folder`: where the caches of conversations are saved (empty: nowhere), in at most
    `kv_disk` bytes; 0 erases what is there. `room`: the data folder where the engine takes turns
    with a training before it loads (empty: it does not wait).
    """

    path: str
    n_ctx: int = 0
    n_gpu_layers: int = -1
    n_threads: int = 0
    n_batch: int = BATCH
    n_seq_max: int = 1
    template: str = ""
    adapter: AdapterFile = BARE
    kv_folder: str = ""
    kv_disk: int = 0
    n_outputs: int = OUTPUTS
    kv_type: KvType = "f16"
    room: str = ""
