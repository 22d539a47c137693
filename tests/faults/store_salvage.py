"""Damaged copies of a database are repaired, and what came back is compared with what was."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from localai.errors import StoreDamaged, StoreError
from localai.store.store import Store
from localai.store.upkeep import repair
from tests.faults.store_damage import damage
from tests.faults.store_use import ACTIONS

# What is there again by its name alone does not count.
QUERIES = {
    "conversations": "SELECT id, title, system FROM conversations WHERE title <> 'Recovered'",
    "messages": "SELECT id, conversation, role, text, parts, ids, origin FROM messages",
    "prompts": "SELECT message, base, keep, tail FROM prompts",
    "corrections": "SELECT id, rejected, chosen, state FROM corrections",
    "runs": "SELECT id, plan, verdict FROM runs WHERE model <> 'Recovered'",
    "adapters": "SELECT number, id, file, run FROM adapters",
    "activations": "SELECT number, base, adapter, reason FROM activations",
    "metrics": "SELECT run, step, name, value FROM metrics",
}

Rows = dict[str, set[tuple[object, ...]]]


class Tally(NamedTuple):
    """Rows of the damaged copies, how many of them came back, and how many exactly as they
    were: where bytes inside a text were changed, nobody can know what it was."""

    there: Counter[str]
    back: Counter[str]
    exact: Counter[str]
    repaired: list[int]

    def share(self, kind: str) -> float:
        """Of the rows in copies with this kind of damage."""
        return self.back[kind] / self.there[kind]


def tally() -> Tally:
    return Tally(Counter(), Counter(), Counter(), [0])


def rows(path: Path) -> Rows:
    """Every row that counts, by table."""
    with closing(sqlite3.connect(path)) as db:
        return {table: set(db.execute(query)) for table, query in QUERIES.items()}


def _keys(table: str, found: set[tuple[object, ...]]) -> set[tuple[object, ...]]:
    """What makes each row this one."""
    return {row[: 3 if table == "metrics" else 1] for row in found}


def repair_one(
    whole: Path, folder: Path, seed: int, expected: Rows, into: Tally, backup: Path | None = None
) -> None:
    """Damage a copy as `store_damage` does, repair it beside the backup, use it, compare."""
    chance = random.Random(seed)
    folder.mkdir()
    copy = folder / "localai.db"
    if backup is not None:
        (folder / "backups").mkdir()
        beside = folder / "backups" / "localai-daily-20260101T000000Z.db"
        shutil.copy(backup, beside)
    cut = 0
    for end in ("", "-wal"):
        data = whole.with_name(whole.name + end).read_bytes()
        broken = damage(data, chance) if chance.randrange(4) != (0 if end else 1) else data
        cut += len(data) - len(broken)
        copy.with_name(copy.name + end).write_bytes(broken)
        copy.with_name(copy.name + end).chmod(0o600)
    before = copy.read_bytes()
    done = repair.repair(copy)
    if done is not None:
        assert done.kept.read_bytes() == before, "the damaged file was changed"
        assert (done.backup is None) == (backup is None)
        into.repaired[0] += 1
    if backup is not None:
        assert beside.read_bytes() == backup.read_bytes(), "the backup was changed"
    found = rows(copy)
    for table, every in expected.items():
        for kind in ("all", "cut" if cut else "whole", table):
            into.there[kind] += len(every)
            into.back[kind] += len(_keys(table, every) & _keys(table, found[table]))
            into.exact[kind] += len(every & found[table])
    with Store.open(copy) as store:
        assert store.info()["check"] == "ok"
        for action in ACTIONS:
            _use(store, action, done is not None)


def _use(store: Store, action: Callable[[Store], object], repaired: bool) -> None:
    """One thing an app does. That there is nothing to do it with is no damage."""
    try:
        action(store)
    except StoreDamaged:
        assert not repaired, "a repaired history still counts as damaged"
    except StoreError:
        pass
