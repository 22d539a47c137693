"""Random words in every place of a data folder that holds what was said, and the search for
their bytes after they were forgotten, while another process has the store open."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec.structs import replace

from localai.conversation import Message, Reasoning, Text, ToolCall, ToolResult, user
from localai.kv_folder import KvFolder
from localai.store.backup import back_up
from localai.store.columns import pack
from localai.store.discovering import Round
from localai.store.evaluated import EvalItem, Evaluated
from localai.store.rows import Origin
from localai.store.store import Store
from localai.store.tuning import Adapter
from tests.rl.attempts import SUM

KEPT = "what stays"

OPEN = """
import sys
from pathlib import Path
from localai.store.store import Store
with Store.open(Path(sys.argv[1]), checkpoints=True) as store:
    store.conversations()
    print("open", flush=True)
    sys.stdin.read()
    assert len(store.conversations()) == 2 and store.search("stays")
"""


class Canary(msgspec.Struct, frozen=True):
    """A word, and token ids; neither stands anywhere by chance."""

    word: str
    ids: tuple[int, ...]

    @property
    def traces(self) -> tuple[bytes, ...]:
        """The word, how an index of words has it, and the ids."""
        return self.word.encode(), self.word.lower().encode(), pack(self.ids)


def canaries(number: int, seed: int) -> list[Canary]:
    """That many, with texts of one to some thousands of letters."""
    chance = random.Random(seed)
    return [
        Canary(
            f"Kanarie{chance.getrandbits(64):016x}",
            tuple(chance.randrange(1 << 30, 1 << 31) for _ in range(4)),
        )
        for _ in range(number)
    ]


def plant(store: Store, canary: Canary, size: int) -> str:
    """A conversation with the canary in everything that a row can hold; its id."""
    word = canary.word
    tree = store.create_conversation(f"About {word}", f"Speak of {word}").id
    asked = store.add_message(tree, "", user(f"{word} " * size)).id
    call = Message("assistant", (Reasoning(word), ToolCall("1", "find", {"what": word})))
    asked = store.add_message(tree, asked, call).id
    told = Message("tool", (ToolResult("1", f"found {word}"),))
    asked = store.add_message(tree, asked, told).id
    origin = Origin("m", prompt=canary.ids * size)
    row = store.begin_answer(tree, asked, origin)
    store.flush_answer(row.id, (Text(f"half of {word}"),))
    said = (Reasoning(f"hm {word}"), Text(f"yes, {word}"))
    answer = Message("assistant", said, ids=canary.ids, vocab="v")
    done = store.finish_answer(row.id, answer, None, "failed", error=f"no {word}")
    better = store.add_correction(done.id, f"better {word}").chosen
    store.put_rewrites(done.id, (f"is it {word}?", f"what is {word}?"))
    store.drop_rewrite(done.id, f"what is {word}?")
    store.add_preference(done.id, better, "styles", ("direct", word), "right")
    again = store.begin_answer(tree, asked, origin)
    store.flush_answer(again.id, (Text(f"still {word}"),))
    evaluate(store, done.id, word)
    return tree


def evaluate(store: Store, about: str, word: str) -> None:
    """An evaluation that asks of a message."""
    what = Evaluated(task="corrections", pool="dev", manner={}, model="m", base="b")
    item = EvalItem(about, {"question": word}, [{"text": word}], {"right": 1.0})
    run = store.begin_eval(what, "")
    store.put_eval_item(run.id, item)
    store.end_eval(run.id, {})


def learn(store: Store, home: Path, canary: Canary) -> Adapter:
    """A tune on all corrections that leaves an adapter, its manifest and a verdict."""
    ids = [correction.id for correction in store.corrections()]
    run = store.begin_run("m", "b", {"corrections": ids}).id
    store.add_metric(run, 1, {"loss": 1.0})
    folder = home / "adapters" / run
    folder.mkdir(parents=True)
    (folder / "adapter.gguf").write_bytes(pack(canary.ids) * 100)
    facts = {"answers": [{"ask": canary.word, "after": canary.word}]}
    (folder / "manifest.json").write_bytes(
        msgspec.json.encode({"corrections": ids, "verdict": facts})
    )
    return store.promote(
        run, base_bytes=1, file=str(folder / "adapter.gguf"), sha256="s", verdict=facts
    )


def sample(store: Store, canary: Canary) -> None:
    """A later run, which learned nothing of it, in which that adapter has answered."""
    run = store.begin_run("m", "b", {"corrections": []}).id
    said = replace(SUM, text=f"5 {canary.word}", ids=(*SUM.ids[:3], *canary.ids))
    store.put_round(Round(run=run, number=1, kept=1), [said])
    store.end_run(run, "rejected", verdict={"answers": [{"after": canary.word}]})


def surround(store: Store, home: Path, canary: Canary) -> None:
    """Copies, logs and leftovers that hold it."""
    path = home / "localai.db"
    back_up(store._db.connection, path, "daily")
    store.write_backup(home / "backups" / "mine.tar")
    (home / "localai.db.damaged-1").write_text(canary.word, "utf-8")
    (home / "backups" / "torn.db").write_text(canary.word, "utf-8")
    saved = KvFolder(home / "cache" / "kv")
    saved.make()
    (saved.path / "0-1.kv").write_bytes(pack(canary.ids) * 100)
    saved.begin("0-2").write_bytes(canary.word.encode())
    reports = [f"reports/{run}.html" for run in ("R", *(each.id for each in store.runs()))]
    for name in ("logs/errors.log", "logs/mcp-x.log", "tune/R/plan.msgpack", *reports):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(canary.word, "utf-8")


def found(home: Path, words: list[Canary]) -> list[str]:
    """Where a trace of one is: each file's bytes, and its name."""
    places = []
    for path in sorted(home.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        content += path.name.encode()
        places += [
            f"{path.relative_to(home)}: {canary.word}"
            for canary in words
            if any(trace in content for trace in canary.traces)
        ]
    return places


@contextmanager
def open_elsewhere(path: Path) -> Iterator[None]:
    """Another process that has the store open during the block, and reads it after."""
    child = subprocess.Popen(
        [sys.executable, "-c", OPEN, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"open\n"
        yield
    finally:
        child.communicate()
    assert child.returncode == 0


def check(home: Path, number: int, seed: int) -> int:
    """Plant that many, forget them all; how many files were looked at. Raises
    AssertionError when a byte of one is left, or anything else is gone."""
    words, path = canaries(number, seed), home / "localai.db"
    sizes = random.Random(seed)
    with Store.open(path) as store:
        for each in range(2):
            kept = store.create_conversation(f"kept {each}").id
            last = store.add_message(kept, "", user(f"{KEPT} {each}")).id
        trees = [plant(store, word, sizes.choice((1, 3, 900))) for word in words]
        store.delete(trees[0])
        # One of them is also said, and quoted, where the rest stays.
        spoken = store.add_message(kept, last, user(f"again {words[0].word} was here")).id
        quote = (ToolResult("2", f"in one:\n…again {words[0].word} was here…"),)
        store.add_message(kept, last, Message("tool", quote))
        adapter = learn(store, home, words[0])
        sample(store, words[0])
        surround(store, home, words[0])
        assert len(found(home, words)) > 3 * number
        with open_elsewhere(path):
            scope = store.scope(tuple(trees), (spoken,))
            store.forget(scope)
            places = found(home, words)
        assert places == [], places
        assert store.active_adapter("b") is None
        assert not Path(adapter.file).exists()
        assert store.info()["check"] == "ok"
        assert store._db.connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert [len(store.path(tree.leaf)) for tree in store.conversations()] == [1, 1]
    assert found(home, words) == []
    return sum(path.is_file() for path in home.rglob("*"))
