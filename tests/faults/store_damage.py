"""Damage copies of a database at random and use what is left as the app would."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from localai.conversation import Completion, Message, Reasoning, Text, user
from localai.errors import StoreError
from localai.store.backup import copy_to
from localai.store.rows import Origin
from localai.store.store import Store
from tests.faults.store_use import ACTIONS

PAGE = 4096


def build(path: Path) -> None:
    """A history of some size, with some of its pages still in the log; beside it a backup from
    before the last conversation, `backup.db`."""
    with Store.open(path) as store:
        for number in range(12):
            _talk(store, number, turns=15)
        copy_to(store._db.connection, path, path.with_name("backup.db"))
    with Store.open(path) as store:
        _talk(store, 12, turns=3)
        shutil.copy(path, path.with_name("whole.db"))
        shutil.copy(path.with_name(path.name + "-wal"), path.with_name("whole.db-wal"))


def _talk(store: Store, number: int, turns: int) -> None:
    """One conversation with everything a row can hold."""
    tree, leaf = store.create_conversation(f"Talk {number}", "Be brief.").id, ""
    for turn in range(turns):
        leaf = store.add_message(tree, leaf, user(f"question {turn} " * (turn * 20 + 1))).id
        row = store.begin_answer(tree, leaf, Origin("m", prompt=tuple(range(turn * 40))))
        said = (Reasoning("so"), Text(f"answer {turn} " * 30))
        message = Message("assistant", said, ids=tuple(range(90)), vocab="v")
        leaf = store.finish_answer(row.id, message, Completion("stop"), "done").id
        if turn % 5 == 0:
            leaf = store.add_correction(leaf, f"better answer {turn} " * 10).chosen
        if turn == 2:
            store.add_message(store.fork(tree, leaf).id, leaf, user("question elsewhere"))
    run = store.begin_run("m", "b", {"corrections": [row.id for row in store.corrections()]}).id
    for step in range(40):
        store.add_metric(run, step, {"loss": 1.0, "rate": 1e-4})
    store.promote(run, base_bytes=number, file="f", sha256="s", verdict={"right": number})


def damage(data: bytes, chance: random.Random) -> bytes:
    """The bytes with some flipped, a page lost, doubled or shuffled, or the end cut off."""
    broken = bytearray(data)
    kind = chance.randrange(5)
    page = chance.randrange(max(1, len(broken) // PAGE)) * PAGE
    other = chance.randrange(max(1, len(broken) // PAGE)) * PAGE
    if kind == 0:
        for _ in range(chance.choice((1, 10, 1000))):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
    elif kind == 1:
        broken[page : page + PAGE] = bytes(len(broken[page : page + PAGE]))
    elif kind == 2:
        broken[page : page + PAGE] = broken[other : other + PAGE]
    elif kind == 3:
        del broken[chance.randrange(len(broken)) :]
    else:
        for _ in range(20):
            broken[chance.randrange(min(200, len(broken)))] = chance.randrange(256)
    return bytes(broken)


def use_damaged_copy(whole: Path, folder: Path, seed: int, outcomes: Counter[str]) -> None:
    """Damage the file or its log and do what an app does; anything but StoreError escapes."""
    chance = random.Random(seed)
    folder.mkdir()
    copy = folder / "localai.db"
    for end in ("", "-wal"):
        data = whole.with_name(whole.name + end).read_bytes()
        broken = damage(data, chance) if chance.randrange(4) != (0 if end else 1) else data
        copy.with_name(copy.name + end).write_bytes(broken)
        copy.with_name(copy.name + end).chmod(0o600)
    before = copy.read_bytes()
    try:
        store = Store.open(copy, readonly=seed % 3 == 0)
    except StoreError as error:
        outcomes[f"not opened: {type(error).__name__}"] += 1
        assert copy.read_bytes() == before, "a refused file was changed"
        return
    with store:
        errors = sum(_attempt(store, action) for action in ACTIONS)
    outcomes["some calls refused" if errors else "usable"] += 1


def _attempt(store: Store, action: Callable[[Store], object]) -> bool:
    """One thing an app does; True when it was refused with a sentence."""
    try:
        action(store)
    except StoreError:
        return True
    return False
