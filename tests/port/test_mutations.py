"""Exports in which anything stands anywhere: a reason, never anything else."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from localai.port import formats
from localai.port.values import Unreadable
from localai.store.store import Store
from tests.port import samples

ODD: list[Any] = [
    None, True, 0, -1, 1e308, 10**30, "", "x", "\0", "2024-13-45", [], {}, [[]], [None],
    {"a": None}, ["x"], {"text": 5}, [{"type": "text", "text": None}], "assistant", "root", "q",
]  # fmt: skip
RECORDS: dict[str, Any] = {
    "ChatGPT": samples.talk("c-1", samples.node("t", "a", "tool", "a page")),
    "Claude": samples.claude(
        samples.said("1", "human", "Hi", files=[{"file_name": "a"}]),
        samples.said("2", "assistant", content=[
            {"type": "thinking", "thinking": "hm"},
            {"type": "tool_use", "id": "c", "name": "calc", "input": {"e": "1"}},
            {"type": "tool_result", "tool_use_id": "c", "content": [{"text": "1"}]},
        ]),
    ),
    "messages": {"messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "content": "1"},
    ]},
    "ShareGPT": {"conversations": [{"from": "human", "value": "Hi"}], "system": "S"},
    "Alpaca": {"instruction": "Hi", "input": "", "output": "Ho", "history": [["a", "b"]]},
    "pairs": {"prompt": "Hi", "chosen": [{"role": "assistant", "content": "a"}], "rejected": "b"},
    "trees": {"prompt": {"text": "Hi", "role": "prompter", "replies": [
        {"text": "Ho", "role": "assistant", "rank": 0, "replies": []},
    ]}},
}  # fmt: skip


def mutate(value: Any, draw: random.Random) -> None:
    """Put something odd in a random place of a JSON object or list."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = draw.choice(keys)
        inner = value[key]
        if not isinstance(inner, dict | list) or not inner or draw.random() < 0.3:
            value[key] = copy.deepcopy(draw.choice(ODD))
            return
        value = inner


@pytest.mark.parametrize("name", RECORDS)
def test_anything_anywhere_is_read_or_refused(store: Store, name: str) -> None:
    read = 0
    for seed in range(400):
        draw, record = random.Random(seed), copy.deepcopy(RECORDS[name])
        for _ in range(draw.randint(1, 3)):
            mutate(record, draw)
        try:
            draft = formats.recognise(record).read(record, 1.0)
        except Unreadable:
            continue
        if draft.nodes:
            store.add_drafts([draft])
            read += 1
    assert read > 40
    assert len(store.conversations(limit=1000)) > 5
    for id_ in store.conversation_ids():
        tree = store.tree(id_)
        assert tree is not None
        assert len(store.path(tree.leaf)) > 0
