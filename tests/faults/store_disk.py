"""A program that fills the disk its store is on, makes room again, and reports what is left.

Run on a small file system of its own, whose folder is the argument. Prints one JSON
object: `acknowledged` and `lost` messages, `refused` (calls answered with a sentence),
`recovered` (True when writing went on once there was room).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from localai.conversation import Text, assistant, user
from localai.errors import StoreError
from localai.store.rows import Origin
from localai.store.store import Store

ROOM = 1024 * 1024


class Filler:
    """Writes until the disk is full; remembers what was acknowledged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.acknowledged: dict[str, str] = {}
        self.refused = 0

    def talk(self, store: Store, turns: int) -> None:
        """Ask and answer. Raises StoreError when the disk is full."""
        tree, leaf = store.create_conversation().id, ""
        for number in range(turns):
            asked = store.add_message(tree, leaf, user(f"question {number} " * 100))
            self.acknowledged[asked.id] = asked.message.text
            row = store.begin_answer(tree, asked.id, Origin("m", prompt=tuple(range(300))))
            self.acknowledged[row.id] = ""
            store.flush_answer(row.id, (Text("half an answer " * 50),))
            self.acknowledged[row.id] = "half an answer " * 50
            done = store.finish_answer(row.id, assistant("an answer " * 100), None, "done")
            self.acknowledged[row.id] = done.message.text
            leaf = row.id

    def fill(self, again: int) -> None:
        """Fill the disk in an open store, and try some more."""
        with Store.open(self.path) as store:
            for _ in range(again):
                try:
                    self.talk(store, 100_000)
                except StoreError:
                    self.refused += 1
                assert self.lost(store) == 0

    def lost(self, store: Store) -> int:
        """How many acknowledged messages are not there as they were."""
        return sum(
            not store.message(id_).message.text.startswith(text)
            for id_, text in self.acknowledged.items()
        )


def main(folder: Path) -> None:
    """Fill, make room, go on, compare."""
    ballast = folder / "ballast"
    ballast.write_bytes(os.urandom(ROOM))
    filler = Filler(folder / "localai.db")
    recovered = False
    try:
        filler.fill(again=3)
    except StoreError:
        filler.refused += 1
    ballast.unlink()
    with Store.open(filler.path) as store:
        filler.talk(store, 2)
        recovered = True
    with Store.open(filler.path) as store:
        lost = filler.lost(store)
        assert store.info()["check"] == "ok"
    print(
        json.dumps(
            {
                "acknowledged": len(filler.acknowledged),
                "lost": lost,
                "refused": filler.refused,
                "recovered": recovered,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
