"""An adapter that was let in gets its place and its manifest, then answers from now on."""

from __future__ import annotations

import hashlib
import shutil
import statistics
import time
from collections.abc import Iterable
from pathlib import Path

from localai import __version__, paths
from localai.digest import sha256
from localai.store.store import Store
from localai.store.tuning import Run
from localai.tune import adapter
from localai.tune.manifest import Manifest, settle, write_manifest
from localai.tune.plan import ADAPTER, Made
from localai.tune.workplace import adapters_folder

ENDS = 10
"""Steps at either end of training whose mean loss is told: that of one tells little."""


def promote(store: Store, run: Run, made: Made, facts: dict[str, object], template: str) -> Run:
    """Put the adapter in its place, then let one transaction make it answer. `facts` is the
    verdict; `template` the chat template that the model is given in place of its own, or ""."""
    plan, trained, adapter_file = made.plan, made.trained, made.folder / ADAPTER
    hashed = sha256(adapter_file)
    manifest = Manifest(
        base=run.base,
        base_name=run.model,
        template=_hash(template) if template else trained.template_hash,
        sha256=hashed,
        run=run.id,
        corrections=tuple(run.plan["corrections"]),
        replay=len(plan.replay),
        options=run.plan["options"],
        verdict=facts,
        version=__version__,
        created=time.time(),
        tokenizer=plan.tokenizer,
        data=plan.data_hash,
        losses=losses(values for _, values in store.metrics(run.id, made.steps)),
    )
    home = paths.private_dir(adapters_folder() / run.id)
    shutil.move(adapter_file, home / f"{ADAPTER}.tmp")
    settle(home / f"{ADAPTER}.tmp", home / ADAPTER)
    write_manifest(home, manifest)
    adapter.verify(home, run.base, hashed)
    store.promote(
        run.id,
        base_bytes=Path(plan.base).stat().st_size,
        file=str(home / ADAPTER),
        sha256=hashed,
        verdict=facts,
    )
    return store.run(run.id)


def losses(metrics: Iterable[dict[str, float]]) -> dict[str, float]:
    """Of the steps' metrics: the mean loss at the beginning and at the end of training, and the
    least of what is held out, in nats; none where nothing was measured."""
    steps = list(metrics)
    found = [values["loss"] for values in steps if "loss" in values]
    held = [values["held_out_loss"] for values in steps if "held_out_loss" in values]
    told = dict[str, float]()
    if found:
        told = {"first": statistics.fmean(found[:ENDS]), "last": statistics.fmean(found[-ENDS:])}
    return told | ({"held_out": min(held)} if held else {})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
