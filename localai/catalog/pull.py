"""Fetching a model from a hub, seen from localai: start the fetching process, listen, record.

This process stays offline. A model is recorded only after the child reported every file
whole and verified; until then what arrived is kept for going on, and never offered.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from localai import paths
from localai.catalog.catalog import Catalog
from localai.catalog.choose import parse
from localai.catalog.description import Description, HubSource
from localai.catalog.entry import ModelEntry, hub_files
from localai.catalog.fit import fit
from localai.catalog.soundness import read_whole
from localai.catalog.transfer import Arrived, Event, Failed, Planned, Progressed, Verifying, Wanted
from localai.errors import DownloadError, ModelError

_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_ENDING = 5.0


class Pulled(msgspec.Struct, frozen=True):
    """The last event: the model is recorded."""

    entry: ModelEntry


def pull(
    catalog: Catalog, target: str, name: str = ""
) -> Generator[Planned | Progressed | Verifying | Pulled, None, None]:
    """Fetch "owner/repo[:quantisation or file]" and record it as `name` (default: the file's).

    Closing the iterator stops the transfer; the next call goes on where it stopped.
    Raises UsageError for a target or name that makes no sense, DownloadError otherwise.
    """
    repo, wish = parse(target)
    if name:
        catalog.require_free(name)
    models = paths.private_dir(catalog.models_dir)
    wanted = Wanted(repo, wish, str(models.absolute()))
    with _child(wanted) as lines:
        for line in lines:
            event = msgspec.json.decode(line, type=Event)
            match event:
                case Failed():
                    raise DownloadError(event.sentence)
                case Arrived():
                    yield Pulled(_record(catalog, event.description, name))
                    return
                case _:
                    yield event
    raise DownloadError(
        f"Fetching {repo} ended without a reason; details are in {_log()}, "
        "and the same command goes on where it stopped."
    )


@contextmanager
def _child(wanted: Wanted) -> Generator[Iterator[bytes], None, None]:
    """The lines that the fetching process writes; it ends when the block does."""
    with _log().open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "localai.catalog.fetch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=_environment(),
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        # A child that ended already is noticed by its silence.
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(msgspec.json.encode(wanted))
        yield iter(process.stdout)
    finally:
        process.terminate()
        try:
            process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _environment() -> dict[str, str]:
    """Ours, but online. Xet is off: it keeps no parts that a later process could resume."""
    kept = {key: value for key, value in os.environ.items() if key not in _OFFLINE}
    return {
        **kept,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    }


def _record(catalog: Catalog, found: Description, name: str) -> ModelEntry:
    """Write the description, completed from the file's header."""
    assert isinstance(found.source, HubSource)
    named = msgspec.structs.replace(found, name=name or catalog.name_for(found))
    try:
        header = read_whole(hub_files(found.source, catalog.models_dir)[0])
    except ModelError:
        return catalog.save(named)
    return catalog.save(
        msgspec.structs.replace(named, sampling=header.sampling, memory_bytes=fit(header).total)
    )


def _log() -> Path:
    return paths.private_dir(paths.logs()) / "pull.log"
