"""What an app does with a store, thing by thing, whatever state the store is in."""

from __future__ import annotations

from localai.conversation import Text, assistant, user
from localai.store.rows import Conversation, Origin
from localai.store.store import Store


def _last(store: Store) -> Conversation:
    """The newest conversation; the one that it makes when there is none."""
    return store.latest() or store.create_conversation()


def _read(store: Store) -> None:
    for conversation in store.conversations():
        store.conversation(conversation.id[-6:])
        for message in store.path(conversation.leaf):
            store.message(message.id)


def _talk(store: Store) -> None:
    tree = _last(store)
    added = store.add_message(tree.id, tree.leaf, user("hello"))
    row = store.begin_answer(tree.id, added.id, Origin("m", prompt=(1, 2)))
    store.flush_answer(row.id, (Text("hel"),))
    store.finish_answer(row.id, assistant("hello"), None, "done")


def _correct(store: Store) -> None:
    for correction in store.corrections():
        store.correction_for(correction.chosen)
        store.withdraw_correction(correction.id)
        store.add_correction(correction.chosen, "something else")


def _tune(store: Store) -> None:
    run = store.begin_run("m", "b", {})
    store.add_metric(run.id, 1, {"loss": 1.0})
    store.promote(run.id, base_bytes=1, file="f", sha256="s", verdict={})


def _look_at_runs(store: Store) -> None:
    for run in store.runs():
        store.metrics(run.id)
        store.run_process(run.id)


def _switch(store: Store) -> None:
    for adapter in store.adapters("b"):
        store.activate("b", adapter.id, "chosen")
    store.roll_back("b")
    store.active_adapter("b")


def _hide(store: Store) -> None:
    store.rename(_last(store).id, "Other")
    store.delete(_last(store).id)


def _purge(store: Store) -> None:
    store.purge(_last(store).id)


ACTIONS = (
    Store.info,
    lambda store: store.search("answer"),
    lambda store: store.search("has:correction -tool:calculator model:scripted before:2100"),
    lambda store: store.conversations(query="question"),
    _read,
    _talk,
    _correct,
    _tune,
    _look_at_runs,
    _switch,
    _hide,
    _purge,
)
