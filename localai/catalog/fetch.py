"""The process that goes online: finds a model on a hub, fetches and verifies its files.

`python -m localai.catalog.fetch` reads a `transfer.Wanted` from stdin and writes
`transfer.Event` lines to stdout. It is a process of its own because the hub's client
reads HF_HUB_OFFLINE when it is imported, and everything else in localai stays offline.
It writes no description: a model exists for localai only when the parent says so.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import filelock
import msgspec
from huggingface_hub import HfApi
from huggingface_hub.hf_api import ModelInfo

from localai import __version__
from localai.catalog import hub_errors
from localai.catalog.choose import Candidate, RemoteFile, choose
from localai.catalog.description import Description, HubSource, as_name
from localai.catalog.download import Download, here, prepare_client, require_space
from localai.catalog.entry import hub_folder
from localai.catalog.parts import model_stem
from localai.catalog.transfer import Arrived, Event, Failed, Planned, Progressed, Verifying, Wanted
from localai.errors import DownloadError

TIMEOUT = 20.0


def main() -> None:
    """Serve one request; every failure becomes a `Failed` line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    prepare_client()
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Wanted)
    try:
        _send(Arrived(fetch(wanted)))
    except BrokenPipeError:
        os._exit(1)
    except Exception as error:
        _send(Failed(hub_errors.sentence(error, wanted.repo)))
        raise


def fetch(wanted: Wanted) -> Description:
    """Bring the model into its folder and describe it."""
    folder = hub_folder(wanted.repo, Path(wanted.models_dir))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with filelock.FileLock(folder / ".lock", timeout=0):
            return _fetch(wanted, folder)
    except filelock.Timeout:
        raise DownloadError(
            f"{wanted.repo} is being fetched already by another localai; wait for it to end."
        ) from None


def _fetch(wanted: Wanted, folder: Path) -> Description:
    info = HfApi(library_name="localai", library_version=__version__).model_info(
        wanted.repo, files_metadata=True, timeout=TIMEOUT
    )
    commit = info.sha or ""
    candidate = choose(wanted.repo, _listed(info), wanted.wish)
    _require_checksums(candidate)
    targets = [folder / file.path for file in candidate.files]
    have = [here(target, file) for target, file in zip(targets, candidate.files, strict=True)]
    total = sum(file.size for file in candidate.files)
    _send(Planned(candidate.path, candidate.quant, total, sum(have)))
    require_space(folder, total - sum(have))
    _bring(wanted.repo, commit, candidate, targets)
    return Description(
        name=as_name(model_stem(PurePosixPath(candidate.path).name)),
        source=HubSource(wanted.repo, commit, tuple(file.path for file in candidate.files)),
        file=PurePosixPath(candidate.path).name,
        sha256=candidate.files[0].sha256,
        bytes=total,
        licence=_licence(info),
    )


def _bring(repo: str, commit: str, candidate: Candidate, targets: Sequence[Path]) -> None:
    """Fetch and verify file after file; one in place stays until its successor is whole."""
    meter = _Meter()
    for file, target in zip(candidate.files, targets, strict=True):
        download = Download(repo, commit, file, target, meter.show)
        if not download.is_done():
            download.fetch()
            _send(Verifying(file.path))
            download.verify()
        meter.before += file.size
        meter.show(0)


class _Meter:
    """Sends how far all files together are, for every chunk."""

    def __init__(self) -> None:
        self.before = 0

    def show(self, done: int) -> None:
        """`done` bytes of the current file are here; `before` counts those of earlier ones."""
        _send(Progressed(self.before + done))


def _listed(info: ModelInfo) -> list[RemoteFile]:
    """The repository's files; those outside of LFS have no sha256."""
    return [
        RemoteFile(
            each.rfilename,
            (each.lfs.size if each.lfs else each.size) or 0,
            each.lfs.sha256 if each.lfs else "",
        )
        for each in info.siblings or ()
    ]


def _require_checksums(candidate: Candidate) -> None:
    for file in candidate.files:
        if not file.sha256 or not file.size:
            raise DownloadError(
                f"The hub tells no checksum for {file.path}, so it could not be verified; "
                "choose another repository."
            )


def _licence(info: ModelInfo) -> str:
    """The licence that the model's card names, "" if none."""
    licence = info.card_data.get("license") if info.card_data else None
    return licence if isinstance(licence, str) else ""


def _send(event: Event) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(event) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
