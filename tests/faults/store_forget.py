"""A program that forgets a conversation and dies just before a given statement of it.

Arguments: the database, the conversation, the number of the statement. Exits with 0 when
there were fewer.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from localai.store.store import Store
from tests.faults import store_canaries
from tests.faults.store_upgrade import countdown


def check(home: Path, statement: int) -> bool:
    """Let it die there, finish as a user would, and look for traces; False when it lived.

    Raises AssertionError for a trace, or when it is neither forgotten nor still there.
    """
    path, words = home / "localai.db", store_canaries.canaries(2, statement)
    with Store.open(path) as store:
        trees = [store_canaries.plant(store, word, 3) for word in words]
        adapter = store_canaries.learn(store, home, words[0])
        store_canaries.sample(store, words[0])
        store_canaries.surround(store, home, words[0])
    died = _dies(path, trees[0], statement)
    with Store.open(path) as store:
        store.finish_forgetting()
        there = trees[0] in [tree.id for tree in store.conversations()]
        assert there or store_canaries.found(home, words[:1]) == []
        assert there == Path(adapter.file).exists()
        assert store.search(words[1].word), "what was to stay is gone"
        assert store.info()["check"] == "ok"
    return died


def _dies(path: Path, conversation: str, statement: int) -> bool:
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.faults.store_forget",
            str(path),
            conversation,
            str(statement),
        ],
        check=False,
        capture_output=True,
        env={**os.environ, "LOCALAI_HOME": str(path.parent)},
    )
    assert ran.returncode in (0, -signal.SIGKILL), ran.stderr.decode()
    return ran.returncode != 0


def main(path: Path, conversation: str, statement: int) -> None:
    """Do it, on a short rope."""
    with Store.open(path) as store:
        scope = store.scope((conversation,))
        store._db.connection.set_trace_callback(countdown(statement))
        store.forget(scope)
        store._db.connection.set_trace_callback(None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
