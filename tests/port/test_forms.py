"""The forms that are one record a line or one array: what each becomes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localai.port import values
from localai.port.reading import Import
from localai.store.store import Store
from tests.port.conftest import shown

HI = [("user", "Hi"), ("assistant", "Hello!")]


def write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


@pytest.mark.parametrize(
    ("record", "system", "told"),
    [
        ({"messages": [{"role": "developer", "content": "S"}, {"role": "user", "content": "Hi"}]},
         "S", HI[:1]),
        ({"conversations": [{"from": "system", "value": "S"}, {"from": "human", "value": "Hi"},
                            {"from": "gpt", "value": "Hello!"}]}, "S", HI),
        ({"conversation": [{"role": "user", "content": "Hi"}], "system": "S"}, "S", HI[:1]),
        ({"instruction": "Add.", "input": "2 2", "output": "4"},
         "", [("user", "Add.\n\n2 2"), ("assistant", "4")]),
        ({"instruction": "So?", "input": "", "output": "No", "history": [["Hi", "Hello!"]]},
         "", [*HI, ("user", "So?"), ("assistant", "No")]),
        ({"instruction": "Who?", "context": "Ann did it.", "response": "Ann"},
         "", [("user", "Who?\n\nAnn did it."), ("assistant", "Ann")]),
        ({"prompt": "Hi", "completion": " Hello!"}, "", HI),
        ({"prompt": "Hi", "chosen": "Hello!", "rejected": "Go away"}, "", HI),
        ({"prompt": [{"role": "user", "content": "Hi"}],
          "chosen": [{"role": "assistant", "content": "Hello!"}],
          "rejected": [{"role": "assistant", "content": "Go"}]}, "", HI),
        ({"chosen": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}],
          "rejected": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Go"}]},
         "", HI),
    ],
)  # fmt: skip
@pytest.mark.parametrize("array", [True, False])
def test_a_record_and_what_it_shows(
    store: Store, tmp_path: Path, record: dict[str, Any], system: str,
    told: list[tuple[str, str]], array: bool,
) -> None:  # fmt: skip
    report = Import(store).run(write(tmp_path / "x", [record] if array else record))
    assert (report.read, report.added) == (1, 1)
    assert shown(store) == told
    assert store.conversations()[0].system == system


def test_both_answers_of_a_pair_are_kept_and_correct_nothing(store: Store, tmp_path: Path) -> None:
    pair = {"prompt": "Hi", "chosen": "Hello!", "rejected": "Go away"}
    Import(store).run(write(tmp_path / "x", pair))
    answer = store.path(store.conversations()[0].leaf)[-1]
    assert [store.message(id_).message.text for id_ in answer.siblings] == ["Go away", "Hello!"]
    assert store.corrections() == ()


def test_calls_and_results_of_openai_messages(store: Store, tmp_path: Path) -> None:
    asked = {"id": "c7", "function": {"name": "add", "arguments": '{"a": 1}'}}
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "Sum"}, {"type": "image_url"}]},
        {"role": "assistant", "content": None, "tool_calls": [asked]},
        {"role": "tool", "tool_call_id": "c7", "content": "2"},
        {"role": "assistant", "content": "Two.", "reasoning_content": "Easy"},
        {"role": "assistant", "function_call": {"name": "old", "arguments": "not json"}},
        {"role": "function", "name": "old", "content": "3"},
    ]
    Import(store).run(write(tmp_path / "x", {"messages": turns}))
    assert shown(store) == [
        ("user", "Sum\n\n[image]"),
        ("assistant", "add({'a': 1})"),
        ("tool", "2"),
        ("assistant", "Easy | Two."),
        ("assistant", "old({'input': 'not json'})"),
        ("tool", "3"),
    ]
    *_, older, result = store.path(store.conversations()[0].leaf)
    assert result.message.results[0].call_id == older.message.calls[0].id


def test_the_best_ranked_path_of_a_tree_is_shown(store: Store, tmp_path: Path) -> None:
    replies = [
        {"message_id": "a", "text": "Bad", "role": "assistant", "rank": 1, "replies": []},
        {"message_id": "b", "text": "Good", "role": "assistant", "rank": 0, "replies": [
            {"message_id": "c", "text": "Thanks", "role": "prompter", "replies": []},
        ]},
        {"message_id": "d", "text": "Spam", "role": "assistant", "deleted": True, "replies": []},
    ]  # fmt: skip
    top = {"message_id": "t", "text": "Hi", "role": "prompter", "replies": replies}
    report = Import(store).run(write(tmp_path / "x", {"message_tree_id": "t", "prompt": top}))
    assert shown(store) == [("user", "Hi"), ("assistant", "Good"), ("user", "Thanks")]
    assert (report.messages, report.left_out["deleted or empty messages"].count) == (4, 1)


def test_markdown_is_read_by_its_speakers(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "chat.md"
    file.write_text(
        "# One\n\n## User\nHi\n\n## Assistant\n# A heading\n```\n## User\n```\n\n"
        "# Two\n\n*2026-01-31 12:00*\n\n## You\n\nSo?\n\n## Model (a-1)\n\nNo.\n"
    )
    assert Import(store).run(file).formats == {"Markdown": 2}
    assert shown(store, "One") == [("user", "Hi"), ("assistant", "# A heading\n```\n## User\n```")]
    assert shown(store, "Two") == [("user", "So?"), ("assistant", "No.")]


def test_arguments_that_are_nested_without_end(store: Store, tmp_path: Path) -> None:
    deep = '{"a":' * 200 + "1" + "}" * 200
    call = {"function": {"name": "add", "arguments": deep}}
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": [call]}]
    report = Import(store).run(write(tmp_path / "x", {"messages": turns}))
    assert list(report.skipped) == ["the arguments of a call are nested too deeply"]


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (1_700_000_000, 1_700_000_000.0),
        (1_700_000_000_500, 1_700_000_000.5),
        ("2026-01-31T12:00:00Z", 1769860800.0),
        (9e14, 7.0),
        (10**400, 7.0),
        (-5, 7.0),
        (float("nan"), 7.0),
        (True, 7.0),
    ],
)
def test_a_time_is_one_that_a_clock_can_show(told: Any, read: float) -> None:
    assert values.moment(told, 7.0) == read
