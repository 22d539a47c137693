"""A program that does one thing to a store and dies just before a given statement of it.

Arguments: the database, the name of the thing, the number of the statement. Exits with 0
when there were fewer.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from localai.conversation import Text, assistant, user
from localai.store.drafts import Draft, Node
from localai.store.store import Store
from localai.store.tree import Leaf, Tree
from tests.faults.store_upgrade import countdown

BROUGHT = Draft(
    "Tides",
    "",
    1.0,
    1.0,
    (Node(-1, user("When?"), 1.0), Node(0, assistant("Noon."), 1.0)),
    1,
    "x:1",
)
MOVED = Tree(
    "01K00000000000000000000C01",
    "Tides",
    "",
    "01K00000000000000000000M01",
    1.0,
    1.0,
    (Leaf("01K00000000000000000000M01", "", "user", "done", 1.0, (Text("When?"),)),),
)


DIALOGUE = (user("When?"), assistant("Noon."))


def _answer(store: Store) -> str:
    return store.corrections()[0].chosen


def _beside(store: Store) -> str:
    """An answer that is no correction, beside the one that is."""
    siblings = store.message(_answer(store)).siblings
    return next(id_ for id_ in siblings if store.message(id_).message.text == "Rome.")


def _written(store: Store) -> str:
    return store.examples(source="written")[0].id


THINGS: dict[str, Callable[[Store], object]] = {
    "correct": lambda store: store.add_correction(store.corrections()[0].chosen, "Paris!"),
    "withdraw": lambda store: store.withdraw_correction(store.corrections()[0].id),
    "promote": lambda store: store.promote(
        store.runs()[0].id, base_bytes=1, file="f", sha256="s", verdict={"right": 6}
    ),
    "roll back": lambda store: store.roll_back("b"),
    "import": lambda store: store.add_drafts([BROUGHT]),
    "take in": lambda store: store.add_trees([MOVED]),
    "fork": lambda store: store.fork(store.corrections()[0].conversation, _answer(store)),
    "mark": lambda store: store.mark(store.corrections()[0].rejected, "good"),
    "judge": lambda store: store.judge_example(store.corrections()[0].id, "rejected"),
    "prefer": lambda store: store.prefer(_answer(store), _beside(store), "shorter"),
    "write an example": lambda store: store.write_example(DIALOGUE, "Be brief.", "tides"),
    "rewrite one": lambda store: store.rewrite_example(_written(store), DIALOGUE),
    "purge": lambda store: store.purge(store.corrections()[0].conversation),
}


def prepare(path: Path) -> None:
    """A corrected answer, an adapter that answers, and a run."""
    with Store.open(path) as store:
        tree = store.create_conversation().id
        question = store.add_message(tree, "", user("What is the capital of France?")).id
        answer = store.add_message(tree, question, assistant("Lyon.")).id
        store.add_message(tree, question, assistant("Rome."))
        store.add_correction(answer, "Paris.")
        store.write_example((user("Hello"), assistant("Ahoy!")))
        old = store.add_adapter(base="b", base_bytes=1, file="e", sha256="r")
        store.activate("b", old.id, "promoted")
        store.begin_run("m", "b", {})


def state(path: Path) -> tuple[object, ...]:
    """Everything that the things change, without ids and times."""
    with Store.open(path) as store:
        assert store.info()["check"] == "ok"
        assert store._db.connection.execute("PRAGMA foreign_key_check").fetchall() == []
        active = store.active_adapter("b")
        return (
            [
                [message.message.text for message in store.path(tree.leaf)]
                for tree in store.conversations()
            ],
            store.info()["messages"],
            [store.message(one.chosen).message.text for one in store.corrections()],
            [len(store.corrections(state=state)) for state in ("withdrawn", "replaced")],
            [(each.source, each.name, each.state, each.answer) for each in store.examples()],
            [adapter.name for adapter in store.adapters()],
            active and active.name,
            [entry.reason for entry in store.activations("b")],
            [(run.state, run.verdict, bool(run.adapter)) for run in store.runs()],
        )


def dies_before(path: Path, thing: str, statement: int) -> bool:
    """Run this program on `path`; False when it lived to the end."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults.store_steps", str(path), thing, str(statement)],
        check=False,
        capture_output=True,
    )
    assert ran.returncode in (0, -signal.SIGKILL), ran.stderr.decode()
    return ran.returncode != 0


def main(path: Path, thing: str, statement: int) -> None:
    """Do it, on a short rope."""
    with Store.open(path) as store:
        store._db.connection.set_trace_callback(countdown(statement))
        THINGS[thing](store)
        store._db.connection.set_trace_callback(None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
