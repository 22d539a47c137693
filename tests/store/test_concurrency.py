"""Several writers at once: threads of one program, and programs of one machine."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localai.conversation import user
from localai.store.store import Store

WRITER = """
import sys
from pathlib import Path
from localai.conversation import user
from localai.store.store import Store
sys.stdin.readline()
with Store.open(Path(sys.argv[1])) as store:
    tree, leaf = store.create_conversation(sys.argv[2]).id, ""
    for number in range(40):
        leaf = store.add_message(tree, leaf, user(f"{number}")).id
"""


def test_programs_that_start_together_on_a_new_folder_all_succeed(file: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(file), str(n)], stdin=subprocess.PIPE)
        for n in range(3)
    ]
    for process in writers:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.close()
    assert [process.wait() for process in writers] == [0, 0, 0]
    with Store.open(file) as store:
        assert [c.messages for c in store.conversations()] == [40, 40, 40]
        assert store.info()["check"] == "ok"


def test_threads_share_one_store(store: Store) -> None:
    tree = store.create_conversation().id

    def write(number: int) -> str:
        added = store.add_message(tree, "", user(f"{number}"))
        return store.message(added.id).message.text

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(100))) == [f"{number}" for number in range(100)]
    assert store.info()["messages"] == 100


def test_a_reader_is_not_held_up_by_a_writer(store: Store, file: Path) -> None:
    made = store.create_conversation("before")
    with Store.open(file, readonly=True) as reader, store._db.write() as db:
        db.execute("UPDATE conversations SET title = 'after'")
        assert reader.conversation(made.id).title == "before"
