from __future__ import annotations

from localai.conversation import Reasoning, Text, ToolCall, ToolResult
from localai.port import claude
from tests.port import samples
from tests.port.conftest import told
from tests.port.samples import said

NOW = 1_800_000_000.0


def test_messages_in_order_where_nobody_has_a_parent() -> None:
    draft = claude.read(samples.claude(said("1", "human", "Hi"), said("2", "assistant", "Ho")), NOW)
    assert (draft.title, draft.identity) == ("Tides", "claude:u-1")
    assert draft.created == 1_714_557_600.0
    assert [(n.parent, n.message.role, told(n.message)) for n in draft.nodes] == [
        (-1, "user", "Hi"),
        (0, "assistant", "Ho"),
    ]


def test_branches_by_their_parents() -> None:
    top = {"parent_message_uuid": "00000000-0000-4000-8000-000000000000"}
    record = samples.claude(
        said("1", "human", "Hi", **top),
        said("2", "assistant", "Ho", parent_message_uuid="1"),
        said("3", "assistant", "Hey", parent_message_uuid="1"),
        said("4", "human", "Hello", **top),
    )
    record["current_leaf_message_uuid"] = "2"
    draft = claude.read(record, NOW)
    assert ([n.parent for n in draft.nodes], draft.leaf) == ([-1, 0, 0, -1], 1)


def test_thoughts_calls_and_results_become_what_they_are_here() -> None:
    blocks = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "name": "calc", "input": {"e": "1"}},
        {"type": "tool_result", "name": "calc", "content": [{"type": "text", "text": "1"}]},
        {"type": "text", "text": "It is"},
        {"type": "text", "text": "one."},
    ]
    record = samples.claude(said("q", "human", "?"), said("a", "assistant", content=blocks))
    _, asked, found, answer = [n.message for n in claude.read(record, NOW).nodes]
    assert asked.parts == (
        Reasoning("hm"),
        Text("Let me see."),
        ToolCall("a-1", "calc", {"e": "1"}),
    )
    assert found.parts == (ToolResult("a-1", "1", untrusted=True),)
    assert answer.parts == (Text("It is\n\none."),)


def test_attachments_are_named_with_what_was_read_out_of_them() -> None:
    files = {
        "attachments": [{"file_name": "a.txt", "extracted_content": "1 2 3"}],
        "files": [{"file_name": "a.txt"}, {"file_name": "b.png"}],
    }
    draft = claude.read(samples.claude(said("1", "human", "Sum this", **files)), NOW)
    assert told(draft.nodes[0].message) == (
        "Sum this\n\n[attachment: a.txt]\n1 2 3\n\n[attachment: b.png]"
    )


def test_the_old_form_has_texts_alone() -> None:
    record = samples.claude(said("1", "human", "Hi", content=None), said("2", "assistant", "Ho"))
    record["chat_messages"][1]["content"] = []
    assert [told(n.message) for n in claude.read(record, NOW).nodes] == ["Hi", "Ho"]


def test_odd_messages_cost_themselves_alone() -> None:
    record = samples.claude(said("1", "human", "Hi"), said("2", "nobody", "?"))
    record["chat_messages"] += [None, 7, {"sender": "human", "content": 5, "files": "x"}]
    draft = claude.read(record, NOW)
    assert [told(n.message) for n in draft.nodes] == ["Hi"]
    assert draft.left_out == ("messages of an unknown sender",)
