"""A process that keeps swapping a folder for something else, to be caught reading it.

`python -m tests.tools.swaps KIND ROOT OUTSIDE` says "on" once it has begun and ends when its
stdin closes. "link": `ROOT/turn` is now a folder, now a link to OUTSIDE. "move": the folder
`ROOT/deep/er` is now there, now in OUTSIDE.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tools.paths import INSIDE, Tree

PATHS = {
    "link": (
        "turn/secret",
        "deep/../turn/secret",
        "turn/deep/../secret",
        "deep/er/../../turn/secret",
    ),
    "move": ("deep/er/../secret", "deep/er/../../secret", "deep/er/../../outside/secret"),
}
"""What is read while it goes on; outside the root, each would be a secret."""


@contextmanager
def swapping(kind: str, tree: Tree) -> Iterator[None]:
    """Let it go on meanwhile."""
    turn = tree.root / "turn"
    (turn / "deep").mkdir(parents=True)
    (turn / "secret").write_text(INSIDE)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.tools.swaps", kind, str(tree.root), str(tree.outside)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        yield
        assert process.poll() is None, "it ended by itself"
        process.communicate(timeout=60)
    assert process.returncode == 0


def _main(kind: str, root: Path, outside: Path) -> None:
    ended = threading.Event()
    threading.Thread(target=_wait, args=(ended,), daemon=True).start()
    (root / "link").symlink_to("../outside")
    print("on", flush=True)
    while not ended.is_set():
        if kind == "link":
            moves = [("turn", "aside"), ("link", "turn"), ("turn", "link"), ("aside", "turn")]
            for old, new in moves:
                (root / old).rename(root / new)
        else:
            (root / "deep" / "er").rename(outside / "er")
            (outside / "er").rename(root / "deep" / "er")


def _wait(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
