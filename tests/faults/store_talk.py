"""A program that holds conversations in a store until it is killed, and says what it did.

Each line on stdout is one JSON list, written only after the call it speaks of returned:
["message", id, text], ["said", id, milliseconds] for text that was generated but perhaps
not saved yet, ["saved", id, text], ["done", id, text].
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import threading
import time
from pathlib import Path

from localai.conversation import Text, assistant, user
from localai.store.rows import Origin
from localai.store.store import Store

FLUSH_SECONDS = 0.25
TOKEN_SECONDS = 0.004


def say(*what: str | int) -> None:
    """One line to whoever watches, at once."""
    print(json.dumps(what), flush=True)


def answer(store: Store, tree: str, parent: str, seconds: float) -> str:
    """Generate an answer of about `seconds`; its text is the milliseconds of its tokens."""
    pace = threading.Event()
    row = store.begin_answer(tree, parent, Origin("m", prompt=tuple(range(500))))
    say("saved", row.id, "")
    start = flushed = time.monotonic()
    text = ""
    while (now := time.monotonic()) < start + seconds:
        token = int(1000 * (now - start))
        text += f"{token} "
        say("said", row.id, token)
        if now - flushed >= FLUSH_SECONDS:
            store.flush_answer(row.id, (Text(text),))
            say("saved", row.id, text)
            flushed = now
        pace.wait(TOKEN_SECONDS)
    store.finish_answer(row.id, assistant(text), None, "done")
    say("done", row.id, text)
    return row.id


def main(path: Path, seed: int) -> None:
    """Talk for ever, more or less quickly by `seed`."""
    chance = random.Random(seed)
    with Store.open(path, checkpoints=seed % 2 == 0) as store:
        tree = store.create_conversation(f"{seed}").id
        leaf = ""
        for number in itertools.count():
            question = store.add_message(tree, leaf, user(f"question {number} " * 40))
            say("message", question.id, question.message.text)
            leaf = answer(store, tree, question.id, chance.uniform(0.02, 0.6))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
