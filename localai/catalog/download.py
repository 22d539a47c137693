"""Fetching one file from a hub: resumed, verified, and in place only when it is whole.

What has arrived lies beside the final name with `.<start of sha256>.part` in its own, so
that a part is never taken for a model nor continued with another version's bytes. Runs in
the process of `fetch`; the library's own downloads cannot be resumed by a later process.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from httpx2 import TransportError
from huggingface_hub import constants, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

from localai import __version__
from localai.catalog.choose import RemoteFile
from localai.digest import sha256
from localai.errors import DownloadError

CHUNK = 1 << 20
ATTEMPTS = 3
"""Connections in a row that may bring nothing before giving up."""
MARGIN = 100_000_000
"""Bytes of disk that a download leaves free."""


def part_of(target: Path, file: RemoteFile) -> Path:
    """Where `file` lies while it is incomplete."""
    return target.with_name(f"{target.name}.{file.sha256[:16]}.part")


def here(target: Path, file: RemoteFile) -> int:
    """How many of the file's bytes are on this disk."""
    if target.is_file() and target.stat().st_size == file.size:
        return file.size
    part = part_of(target, file)
    return min(part.stat().st_size, file.size) if part.is_file() else 0


def require_space(folder: Path, missing: int) -> None:
    """Raise DownloadError unless `missing` bytes fit on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if missing + MARGIN > free:
        raise DownloadError(
            f"{missing / 1e9:.2f} GB are to be fetched and the disk of {folder} has "
            f"{free / 1e9:.2f} GB free; free some space or choose a smaller quantisation."
        )


class Download:
    """One file of `repo` at `commit`, to be put at `target`.

    `progress` is told the number of its bytes that are here.
    """

    def __init__(
        self,
        repo: str,
        commit: str,
        file: RemoteFile,
        target: Path,
        progress: Callable[[int], None],
    ) -> None:
        self._file, self._target, self._progress = file, target, progress
        self._part = part_of(target, file)
        self._url = hf_hub_url(repo, file.path, revision=commit)

    def is_done(self) -> bool:
        """Whether the very file is in place already."""
        if not self._target.is_file() or self._target.stat().st_size != self._file.size:
            return False
        return sha256(self._target) == self._file.sha256

    def fetch(self) -> None:
        """Bring all bytes into the part. Raises DownloadError, or what the client raises."""
        self._part.parent.mkdir(parents=True, exist_ok=True)
        failures = 0
        while (have := self._have()) < self._file.size:
            self._progress(have)
            problem = self._receive(have)
            failures = 0 if self._have() > have else failures + 1
            if problem is not None and failures == ATTEMPTS:
                raise problem
            time.sleep(min(failures, 1))

    def verify(self) -> None:
        """Compare the part with the checksum and put it in place. Raises DownloadError."""
        if sha256(self._part) != self._file.sha256:
            self._part.unlink()
            raise DownloadError(
                f"{self._file.path} arrived damaged (its checksum is wrong) and was deleted; "
                "run the same command again to fetch it anew."
            )
        with self._part.open("rb+") as part:
            os.fsync(part.fileno())
        self._part.replace(self._target)
        for stale in self._target.parent.glob(f"{self._target.name}.*.part"):
            stale.unlink()

    def _have(self) -> int:
        """Bytes in the part; one that is too long is thrown away."""
        have = self._part.stat().st_size if self._part.exists() else 0
        if have > self._file.size:
            self._part.unlink()
            raise DownloadError(
                f"The hub sent more of {self._file.path} than it announced, so it was deleted; "
                "run the same command again."
            )
        return have

    def _receive(self, have: int) -> Exception | None:
        """One connection, from byte `have` on; the failure that may be tried again."""
        headers = build_hf_headers(library_name="localai", library_version=__version__)
        headers["Accept-Encoding"] = "identity"
        with self._part.open("ab") as part:
            try:
                http_get(
                    self._url,
                    part,
                    resume_size=have,
                    headers=headers,
                    expected_size=self._file.size,
                    displayed_filename=self._file.path,
                    tqdm_class=self._meter(have),
                )
            except HfHubHTTPError:
                raise
            except TransportError as error:
                return error
            except OSError as error:
                # The client reports a length that disagrees as a bare OSError.
                if error.errno is not None:
                    raise
                return error
        return None

    def _meter(self, have: int) -> Any:
        """What the client takes for a progress bar: tells the bytes that are here."""
        progress = self._progress

        class Meter:
            def __init__(self, **options: Any) -> None:
                self.done = have

            def __enter__(self) -> Meter:
                return self

            def __exit__(self, *problem: object) -> None:
                pass

            def update(self, count: int) -> None:
                self.done += count
                progress(self.done)

        return Meter


def prepare_client() -> None:
    """Have the client hand over what it receives often, so that little is lost."""
    constants.DOWNLOAD_CHUNK_SIZE = CHUNK
