"""Prompts are stored once and read back exactly."""

from __future__ import annotations

from localai.conversation import assistant, user
from localai.store.rows import Origin
from localai.store.store import Store


def test_a_long_conversation_stores_each_prompt_id_about_once(store: Store) -> None:
    tree = store.create_conversation().id
    prompt: tuple[int, ...] = ()
    leaf, prompts = "", {}
    for turn in range(50):
        leaf = store.add_message(tree, leaf, user(f"{turn}")).id
        prompt += tuple(range(turn, turn + 100))
        leaf = store.begin_answer(tree, leaf, Origin("m", prompt=prompt)).id
        store.finish_answer(leaf, assistant("ok"), None, "done")
        prompts[leaf] = prompt
    for answer, expected in prompts.items():
        origin = store.message(answer).origin
        assert origin is not None
        assert origin.prompt == expected
    db = store._db.connection
    stored = db.execute("SELECT sum(length(tail)) / 4 FROM prompts").fetchone()[0]
    assert stored < sum(map(len, prompts.values())) / 8


def test_purging_a_conversation_takes_all_of_its_prompts(store: Store) -> None:
    tree = store.create_conversation().id
    leaf = ""
    for turn in range(40):
        leaf = store.begin_answer(tree, leaf, Origin("m", prompt=(1, 2, turn))).id
    store.purge(tree)
    assert store._db.connection.execute("SELECT count(*) FROM prompts").fetchone()[0] == 0
