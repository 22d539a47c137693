"""The job's side of its two MLX and llama.cpp helpers: start them, listen, end them.

Both run at low priority in sessions of their own, with an environment that holds no
secrets, and what they print goes to the tune log.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from localai import paths
from localai.engine.spawn import environment
from localai.errors import EngineError, ModelError
from localai.tune.parity_result import Parity
from localai.tune.plan import PLAN, News, Plan, Refused, Step, Trained

_news: msgspec.json.Decoder[News] = msgspec.json.Decoder(News)
PARITY_SECONDS = 600
FOR_MLX = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
    "MALLOC_TOP_PAD_": str(64 << 20),
    "OPENBLAS_NUM_THREADS": "1",
}
"""Variables that make training on a CPU faster. For glibc: freed memory stays with the
process, because every operation asks for as much again, and a good part of a step went into
new pages. For NumPy's BLAS: one thread, because its idle ones would spin beside those of
the BLAS that MLX uses (`blas.bind`). Elsewhere these are ignored."""


def train(folder: Path, plan: Plan, tell: Callable[[Step], None]) -> Trained:
    """Train in a process of its own; the adapter is in the folder when this returns.

    Raises ModelError for what cannot be trained, EngineError when the process died.
    """
    (folder / PLAN).write_bytes(msgspec.msgpack.encode(plan))
    with _child("localai.tune.trainer", str(folder)) as child:
        assert child.stdout is not None
        for line in child.stdout:
            news = _news.decode(line)
            if isinstance(news, Step):
                tell(news)
            elif isinstance(news, Refused):
                raise ModelError(news.message)
            else:
                return news
        code = child.wait()
    raise EngineError(
        f"The training process ended before it was done ({_how(code)}); the adapter in use "
        f"stays. Tune again; {log_file()} has what it said."
    )


def parity(folder: Path, base: Path) -> Parity:
    """Compare MLX and llama.cpp on what training left. Raises EngineError, ModelError."""
    with _child("localai.tune.parity", str(folder), str(base)) as child:
        try:
            said, _ = child.communicate(timeout=PARITY_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise EngineError(
                f"llama.cpp took more than {PARITY_SECONDS} s to read the new adapter; the "
                "adapter in use stays. Tune again when the machine is less busy."
            ) from error
        code = child.returncode
    if code:
        raise EngineError(
            f"llama.cpp could not read the new adapter ({_how(code)}); the adapter in use "
            f"stays. Tune again; {log_file()} has what it said."
        )
    return msgspec.json.decode(said, type=Parity)


def log_file() -> Path:
    """Where the helpers' own output goes."""
    return paths.logs() / "tune.log"


@contextmanager
def _child(module: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A helper process, ended with the block whatever happens."""
    with _log() as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(os.getpid()), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**environment(os.environ), **FOR_MLX},
            start_new_session=True,
        )
        try:
            yield child
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()


def _log() -> IO[Any]:
    paths.private_dir(paths.logs())
    return log_file().open("ab")


def _how(code: int) -> str:
    """An exit code in words."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"
