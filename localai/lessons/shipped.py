"""The data sets that come with localai: dialogues of our own, to learn to talk from.

They are taken in when a user says so, and are examples like all others from then on.
"""

from __future__ import annotations

import tomllib
from importlib import resources

from localai.catalog import ModelEntry, soundness
from localai.catalog.entry import required_path
from localai.conversation import Message, assistant, user
from localai.errors import UsageError
from localai.lessons.sets import named
from localai.store.store import Store
from localai.store.tuning import StoredExample

DIALOGUE = "dialogue"
"""The set that makes an assistant of a model that was never taught to talk."""
NAMES = (DIALOGUE,)

NONE = "No data set {name!r} comes with localai; there is: {names}."
NOT_YET = "The data set {name} comes with localai; take it in first: localai data add {name}"
THERE = (
    "The data set {name} is there already; look at it with `localai data list --set {name}`, or "
    "learn it with `localai tune --data {name}`."
)


def dialogues(name: str) -> tuple[tuple[Message, ...], ...]:
    """The dialogues of a set, questions and answers in turn."""
    text = resources.files("localai.lessons").joinpath(f"data/{name}.toml").read_text("utf-8")
    topics: dict[str, list[list[str]]] = tomllib.loads(text)
    return tuple(
        tuple((user, assistant)[at % 2](text) for at, text in enumerate(each))
        for topic in topics.values()
        for each in topic
    )


def add(store: Store, name: str) -> int:
    """Take a set in, accepted; how many examples it has. Raises UsageError where one of this
    name is in already, or none comes along."""
    if name not in NAMES:
        raise UsageError(NONE.format(name=name, names=", ".join(NAMES)))
    if store.examples(name=name, limit=1):
        raise UsageError(THERE.format(name=name))
    return len(store.write_examples(dialogues(name), name=name))


def along(store: Store, entry: ModelEntry, name: str) -> tuple[StoredExample, ...]:
    """What a model without a chat template learns beside the set `name`, the oldest first: to
    talk, where that set was taken in. Each tune begins with the model as it came, so that the
    corrections alone would leave it without."""
    described = entry.description.template
    if DIALOGUE in named(name) or described or soundness.read(required_path(entry)).template:
        return ()
    return store.examples(state="accepted", name=DIALOGUE)[::-1]
