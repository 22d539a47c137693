"""SQLite's locks, as the kernel lists them, around every call of the store."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from localai.conversation import Text, assistant, user
from localai.store.backup import back_up
from localai.store.rows import Origin
from localai.store.store import Store
from localai.store.tuning import Progress
from localai.store.upkeep import restoring

LIST = Path("/proc/locks")
POSSIBLE = LIST.exists()
REASON = "this system does not list locks"

COMMITS = """
import sys
from pathlib import Path
from localai.store.store import Store
with Store.open(Path(sys.argv[1])) as store:
    for number in range(int(sys.argv[2])):
        store.create_conversation(f"elsewhere {number}")
"""


def held(path: Path) -> set[str]:
    """What this process holds on the database and its shared memory: file and range."""
    files = {str(p.stat().st_ino) for p in (path, path.with_name(path.name + "-shm"))}
    lines = (line.split() for line in LIST.read_text("ascii").splitlines())
    return {
        " ".join(fields[3:])
        for fields in lines
        if fields[1] == "POSIX"
        and fields[4] == str(os.getpid())
        and fields[5].rpartition(":")[2] in files
    }


def _learning(store: Store, answer: str) -> list[Callable[[], object]]:
    """The calls of the learning loop."""
    adapter = store.add_adapter(base="b", base_bytes=1, file="f", sha256="s").id
    run = store.begin_run("m", "b", {}).id
    return [
        lambda: store.add_correction(answer, "because of that"),
        lambda: store.withdraw_correction(store.corrections()[0].id),
        lambda: store.activate("b", adapter, "chosen"),
        lambda: store.update_run(run, Progress("training")),
        lambda: store.add_metric(run, 1, {"loss": 1.0}),
        lambda: store.run_process(run),
        lambda: store.promote(run, base_bytes=1, file="f", sha256="s", verdict={}),
        lambda: store.roll_back("b"),
        lambda: (store.runs(), store.metrics(run), store.adapters(), store.activations("b")),
        lambda: store.remember_file_hash("m", 1, 2, "h"),
    ]


def _keeping(store: Store, path: Path) -> list[Callable[[], object]]:
    """The calls that look after the data folder."""
    return [
        lambda: back_up(store._db.connection, path, "test"),
        lambda: store.write_backup(path.with_name("locks.tar")),
        lambda: store.copies_holding(store.scope((_said(store),))),
        lambda: _merge(store, path),
        lambda: store.forget(store.scope(tuple(each.id for each in store.conversations())[:1])),
    ]


def _said(store: Store) -> str:
    """Another conversation."""
    other = store.create_conversation("to be forgotten").id
    store.add_message(other, "", user("this"))
    return other


def _merge(store: Store, path: Path) -> None:
    with restoring.candidate(path.with_name("locks.tar"), path.parent) as found:
        store.merge(found)


def _purge(store: Store, tree: str, message: str) -> None:
    """Remove a conversation after its fork."""
    for each in (store.fork(tree, message).id, tree):
        store.purge(each)


def check(path: Path, commits: int) -> int:
    """Call everything once; raise AssertionError when a lock goes or a commit is not seen.

    Returns the number of calls. A second store in the same program comes and goes, too.
    """
    with Store.open(path) as store:
        tree = store.create_conversation("a").id
        asked = store.add_message(tree, "", user("why?")).id
        answer = store.begin_answer(tree, asked, Origin("m", prompt=(1,))).id
        calls: list[Callable[[], object]] = [
            lambda: store.flush_answer(answer, (Text("be"),)),
            lambda: store.finish_answer(answer, assistant("because"), None, "done"),
            lambda: store.message(answer),
            lambda: store.path(answer),
            lambda: store.set_leaf(tree, asked),
            lambda: store.conversations(query="why"),
            lambda: store.conversation(tree),
            lambda: store.search("because"),
            lambda: store.rename(tree, "b"),
            lambda: store.delete(tree),
            lambda: store.undelete(tree),
            *_learning(store, answer),
            store.info,
            *_keeping(store, path),
            lambda: Store.open(path, readonly=True).close(),
            lambda: Store.open(path).close(),
            lambda: _purge(store, tree, asked),
        ]
        before = held(path)
        assert before, "an open store holds no lock at all"
        for number, call in enumerate(calls):
            call()
            assert held(path) == before, f"call {number} changed the locks"
        subprocess.run([sys.executable, "-c", COMMITS, str(path), str(commits)], check=True)
        seen = store.conversations(limit=2 * commits)
        assert len(seen) == commits
        assert store.info()["check"] == "ok"
    with Store.open(path) as store:
        assert len(store.conversations(limit=2 * commits)) == commits
    return len(calls)
