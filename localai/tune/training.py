"""The job's side of its two MLX and llama.cpp helpers: start them, listen, end them.

Both run at low priority in sessions of their own, with an environment that holds no
secrets, and what they print goes to the tune log.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec.structs import replace

from localai import paths, tune_process
from localai.engine.spawn import environment
from localai.errors import EngineError, ModelError
from localai.tune import launching
from localai.tune.hosts import Hosts
from localai.tune.launching import Died, Look, how
from localai.tune.manifest import settle
from localai.tune.parity_result import Parity
from localai.tune.plan import PLAN, Again, Plan, Refused, Step, Trained

PARITY_SECONDS = 600
PATIENCE_SECONDS = 60
"""How long the trainer may take to end its step and to leave a checkpoint."""
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


class Paused(Exception):
    """Training is to leave the memory to others; its checkpoint says how far it is."""


def _unwatched(process: int) -> None:
    """It is never to pause."""


def train(
    folder: Path,
    plan: Plan,
    tell: Callable[[Step | Again], None],
    hosts: Hosts | None = None,
    look: Look = _unwatched,
) -> Trained:
    """Train in a process of its own, from the checkpoint in the folder if there is one, and in
    one more on each other machine of `hosts`; the adapter is in the folder when this returns.

    One that dies is started once more, with half as much of a step in memory at a time. `look`
    is called with the id of the process again and again, and may raise Paused to end it. Raises
    ModelError for what cannot be trained, EngineError when the process died again.
    """
    write_plan(folder, plan)
    try:
        return _train(folder, 1, tell, hosts, look)
    except Died as error:
        tell(Again(f"the training process ended ({error}); going on in smaller pieces"))
    try:
        return _train(folder, 2, tell, hosts, look)
    except Died as error:
        raise EngineError(
            f"The training process ended before it was done ({error}), twice; the adapter in "
            "use stays. Close other programs, then `localai tune --resume` with the same other "
            f"options; {tune_process.log()} has what it said."
        ) from error


def write_plan(folder: Path, plan: Plan) -> None:
    """Leave the plan in the folder, whole or not at all."""
    temporary = folder / f"{PLAN}.tmp"
    temporary.write_bytes(msgspec.msgpack.encode(plan))
    settle(temporary, folder / PLAN)


def read_plan(folder: Path) -> Plan | None:
    """The plan in the folder; None where there is none, or none that can be read."""
    try:
        return msgspec.msgpack.decode((folder / PLAN).read_bytes(), type=Plan)
    except (OSError, msgspec.MsgspecError):
        return None


def timed(folder: Path, plan: Plan, seconds: float) -> Plan:
    """The plan with so many seconds, infinite ones for as long as it needs; as it is in the folder
    if training by it has begun there, so that its checkpoint is of use."""
    begun = read_plan(folder)
    if begun is not None and begun.data_hash == plan.data_hash:
        return begun
    limit = max(1.0, seconds) if math.isfinite(seconds) else 0.0
    return replace(plan, options=replace(plan.options, seconds=limit))


def _train(
    folder: Path,
    pieces: int,
    tell: Callable[[Step | Again], None],
    hosts: Hosts | None,
    look: Look,
) -> Trained:
    """Train, each step in so many times the pieces before. Raises Died, Paused, ModelError."""
    arguments = (str(folder), str(pieces))
    with (
        _log() as log,
        launching.peers(hosts, folder, pieces, FOR_MLX, log) as peers,
        _child("localai.tune.trainer", *arguments, *peers.arguments, **peers.variables) as child,
    ):
        assert child.stdout is not None
        try:
            for news in launching.heard(child, peers, look):
                if isinstance(news, Trained):
                    return news
                if isinstance(news, Refused):
                    raise ModelError(news.message)
                assert isinstance(news, Step | Again)
                tell(news)
        except (KeyboardInterrupt, Paused):
            child.terminate()  # it leaves a checkpoint; a second interruption kills it
            with suppress(subprocess.TimeoutExpired):
                child.wait(PATIENCE_SECONDS)
                for news in map(launching.decoder.decode, child.stdout):
                    if isinstance(news, Step):
                        tell(news)
            raise
        raise AssertionError("the news of a training end with its end")


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
            f"llama.cpp could not read the new adapter ({how(code)}); the adapter in use "
            f"stays. Tune again; {tune_process.log()} has what it said."
        )
    return msgspec.json.decode(said, type=Parity)


@contextmanager
def _child(module: str, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A helper process, ended with the block whatever happens."""
    with _log() as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(os.getpid()), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**environment(os.environ), **FOR_MLX, **variables},
            start_new_session=True,
            bufsize=0,  # what is there to be read can be waited for
        )
        try:
            yield child
        finally:
            launching.ended(child)


def _log() -> IO[Any]:
    paths.private_dir(paths.logs())
    return tune_process.log().open("ab")
