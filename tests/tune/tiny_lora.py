"""A LoRA beside every linear layer of a tiny llama, recorded as an adapter with its manifest."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from localai import digest, paths
from localai.engine.adapter import MANIFEST
from localai.store.store import Store
from localai.store.tuning import Adapter
from localai.tune import lora, published
from localai.tune.lora import Lora, Pair
from localai.tune.manifest import Manifest, write_manifest
from localai.tune.plan import ADAPTER

RANK, SCALE = 4, 1.5


def random_lora(base: Path, *, strength: float = 0.05) -> Lora:
    """Random matrices for all that can be adapted."""
    random, model = np.random.default_rng(11), published.read(base)
    pairs = {}
    for name in model.modules:
        outputs, inputs = model.shapes[name]
        a = random.standard_normal((RANK, inputs)).astype(np.float32)
        b = random.standard_normal((outputs, RANK)).astype(np.float32) * strength
        pairs[name] = Pair(a, b.astype(np.float32))
    return Lora(SCALE * RANK, pairs)


def record(store: Store, base: Path, matrices: Lora) -> Adapter:
    """Put it where tuned adapters lie."""
    sha256 = digest.sha256(base)
    folder = paths.private_dir(paths.private_dir(paths.adapters()) / f"tiny-{len(matrices.pairs)}")
    lora.write(folder / ADAPTER, published.read(base).architecture, matrices)
    hashed = digest.sha256(folder / ADAPTER)
    manifest = Manifest(
        base=sha256,
        base_name="tiny",
        template="t",
        sha256=hashed,
        run="r",
        corrections=("c1",),
        replay=3,
        options={"rank": RANK, "seed": 0},
        verdict={"reason": "Good.", "answers": ["secret"]},
        version="1",
        created=5.0,
    )
    write_manifest(folder, manifest)
    assert (folder / MANIFEST).is_file()
    file = str(folder / ADAPTER)
    return store.add_adapter(base=sha256, base_bytes=base.stat().st_size, file=file, sha256=hashed)


def same(one: Lora, other: Lora) -> bool:
    """Whether both hold the same numbers for the same weights."""
    assert one.pairs.keys() == other.pairs.keys()
    for name, pair in one.pairs.items():
        for mine, yours in zip(pair, other.pairs[name], strict=True):
            np.testing.assert_array_equal(mine, yours, err_msg=name)
    return one.alpha == other.alpha
