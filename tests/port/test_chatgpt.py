from __future__ import annotations

import pytest

from localai.conversation import Reasoning, ToolResult
from localai.port import chatgpt
from localai.port.values import Unreadable
from localai.store.drafts import Draft
from tests.port import samples
from tests.port.conftest import told
from tests.port.samples import node

NOW = 1_800_000_000.0


def path(draft: Draft) -> list[tuple[str, str]]:
    """Role and text from the root to the leaf."""
    found: list[tuple[str, str]] = []
    at = draft.leaf
    while at >= 0:
        message = draft.nodes[at].message
        found.append((message.role, told(message)))
        at = draft.nodes[at].parent
    return found[::-1]


def test_a_conversation_with_its_times_and_models() -> None:
    draft = chatgpt.read(samples.talk(), NOW)
    assert (draft.title, draft.identity) == ("Tides", "chatgpt:c-1")
    assert (draft.created, draft.updated) == (1_700_000_000.0, 1_700_000_100.0)
    assert path(draft) == [("user", "When is high tide?"), ("assistant", "At noon.")]
    assert [n.model for n in draft.nodes] == ["", "gpt-4o"]
    assert draft.nodes[1].created == 1_700_000_000.5
    assert not any(n.message.learn for n in draft.nodes)


def test_branches_keep_their_order_and_the_shown_one() -> None:
    record = samples.chatgpt(
        node("q", "root", text="Name a colour"),
        node("a1", "q", "assistant", "Red"),
        node("a2", "q", "assistant", "Blue"),
        node("a3", "q", "assistant", "Blue"),
        leaf="a1",
    )
    record["mapping"]["q"]["children"] = ["a3", "a2", "a1"]
    draft = chatgpt.read(record, NOW)
    assert [told(n.message) for n in draft.nodes] == ["Name a colour", "Blue", "Blue", "Red"]
    assert [n.parent for n in draft.nodes] == [-1, 0, 0, 0]
    assert path(draft)[-1] == ("assistant", "Red")


def test_without_a_current_node_the_latest_leaf_is_shown() -> None:
    record = samples.talk()
    later = node("b", "q", "assistant", "At one.", create_time=1_700_000_050.0)
    record["mapping"] |= dict([later])
    record["current_node"] = None
    assert path(chatgpt.read(record, NOW))[-1] == ("assistant", "At one.")


def test_hidden_and_empty_messages_are_left_out_and_their_children_stay() -> None:
    hidden = {"metadata": {"is_visually_hidden_from_conversation": True}}
    draft = chatgpt.read(
        samples.chatgpt(
            node("s", "root", "system", "", **hidden),
            node("h", "s", "system", "A secret", **hidden),
            node("e", "h", text=""),
            node("q", "e", text="Hi"),
        ),
        NOW,
    )
    assert path(draft) == [("user", "Hi")]
    assert draft.left_out == ("hidden messages",)


def test_custom_instructions_become_the_system_text() -> None:
    held = {
        "content_type": "user_editable_context",
        "user_profile": "I sail.",
        "user_instructions": "Be brief.",
    }
    draft = chatgpt.read(
        samples.chatgpt(node("i", "root", content=held), node("q", "i", text="Hi")), NOW
    )
    assert (draft.system, path(draft)) == ("I sail.\n\nBe brief.", [("user", "Hi")])


def test_calls_results_thoughts_and_pictures() -> None:
    thoughts = {
        "content_type": "thoughts",
        "thoughts": [{"summary": "Look", "content": "Search it."}],
    }
    picture = {
        "content_type": "multimodal_text",
        "parts": [{"content_type": "image_asset_pointer", "asset_pointer": "x"}, "What is it?"],
    }
    named: samples.Json = {"metadata": {"attachments": [{"name": "tide.png"}]}}
    browsed = {"content_type": "tether_browsing_display", "result": "a page"}
    draft = chatgpt.read(
        samples.chatgpt(
            node("q", "root", content=picture, **named),
            node("t", "q", "assistant", content=thoughts),
            node("c", "t", "assistant", '{"query": "tide"}', recipient="browser"),
            node("r", "c", "tool", content=browsed),
            node("a", "r", "assistant", "Noon\ue200cite\ue202turn0search0\ue201."),
        ),
        NOW,
    )
    assert path(draft) == [
        ("user", "[image]\n\nWhat is it?\n\n[attachment: tide.png]"),
        ("assistant", "Look\nSearch it."),
        ("assistant", "browser({'query': 'tide'})"),
        ("tool", "a page"),
        ("assistant", "Noon."),
    ]
    assert isinstance(draft.nodes[1].message.parts[0], Reasoning)
    assert draft.nodes[3].message.parts == (ToolResult("c", "a page", untrusted=True),)


def test_a_circle_is_cut() -> None:
    record = {
        "mapping": dict([node("x", "y", text="one"), node("y", "x", "assistant", "two")]),
        "current_node": "y",
    }
    draft = chatgpt.read(record, NOW)
    assert path(draft) == [("user", "one"), ("assistant", "two")]
    assert draft.left_out == ("links in a circle were cut",)


def test_a_chain_of_thousands() -> None:
    nodes = [node(f"n{n}", f"n{n - 1}" if n else "root", text=f"m{n}") for n in range(5_000)]
    assert len(path(chatgpt.read(samples.chatgpt(*nodes), NOW))) == 5_000


@pytest.mark.parametrize("mapping", [None, "broken", [], 7])
def test_a_mapping_that_is_none(mapping: object) -> None:
    with pytest.raises(Unreadable):
        chatgpt.read({"mapping": mapping}, NOW)


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, {"content": 5}, {"author": []}])
def test_an_odd_node_costs_itself_alone(odd: object) -> None:
    record = samples.talk()
    record["mapping"]["odd"] = {"id": "odd", "parent": "a", "message": odd, "children": 3}
    record["mapping"]["odder"] = odd
    assert len(chatgpt.read(record, NOW).nodes) == 2
