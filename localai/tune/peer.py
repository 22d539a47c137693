"""The training process on another machine: `python -m localai.tune.peer`.

It reads from stdin what it is sent (`plan.Joining`), looks for the model, and makes every step
along with the first process, which alone keeps what comes of it. Of the plan, which holds what
the user corrected, nothing is written here.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from localai.catalog import Catalog
from localai.digest import sha256
from localai.engine import gentle
from localai.errors import ModelError
from localai.sanitize import clean
from localai.tune import trainer
from localai.tune.checkpoints import Arrays, Position, read_from
from localai.tune.plan import Joining, Plan, Ready


class Received:
    """The checkpoint that was sent along, as the first process reads it, too."""

    due = False

    def __init__(self, joining: Joining) -> None:
        self._joining = joining

    def read(self) -> tuple[Position, Arrays] | None:
        """Where to go on; None at the beginning."""
        if not self._joining.checkpoint:
            return None
        plan = hashlib.sha256(self._joining.plan).hexdigest()
        return read_from(io.BytesIO(self._joining.checkpoint), plan)

    def write(self, position: Position, arrays: Arrays) -> None:
        """Nothing: the first process does."""


def main() -> int:
    """Train along; the exit code."""
    gentle.follow(os.getppid())
    joining = msgspec.json.decode(sys.stdin.buffer.readline(), type=Joining)
    gentle.step_back(joining.nice)
    return trainer.told(lambda tell: _train(joining, tell))


def _train(joining: Joining, tell: trainer.Tell) -> None:
    plan = msgspec.msgpack.decode(joining.plan, type=Plan)
    with TemporaryDirectory(prefix="localai-") as folder:
        os.environ.update(joining.setting.placed(Path(folder)))
        from localai.tune.group import joined  # MLX, which may read them

        together = joined(joining.backend, lambda: tell(Ready()))
    plan = msgspec.structs.replace(plan, base=str(find_model(joining, Path(plan.base))))
    trainer.descended(plan, Received(joining), joining.pieces, together, lambda news: None)


def find_model(joining: Joining, there: Path) -> Path:
    """The model's file on this machine, known by its content; `there` is its path on the other.
    Raises ModelError."""
    for path in (there, *(entry.path for entry in Catalog().list() if entry.path)):
        try:
            if path.stat().st_size == joining.base_bytes and sha256(path) == joining.base:
                return path
        except OSError:
            continue
    raise ModelError(
        f"{clean(joining.host)} does not have the same {clean(there.name)}; put that file there "
        "with `localai models pull` or `localai models add`, then `localai tune --resume` with "
        "the same other options."
    )


if __name__ == "__main__":
    sys.exit(main())
