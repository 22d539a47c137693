from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from localai import conversation
from localai.conversation import Message, Reasoning, Text, ToolCall, ToolResult
from localai.port.reading import Import
from localai.port.writing import WRITERS
from localai.store.rows import Origin
from localai.store.store import Store
from tests.port.conftest import shown

EVIL = "<script>alert(1)</script> \x1b[31m\u202e [x](javascript:alert(1)) ![p](http://a/b.png)"


@pytest.fixture
def talk(store: Store) -> str:
    """A question, a call with its result, and an answer that was corrected."""
    talk = store.create_conversation("Tides & <moons>", "Be brief.").id
    asked = store.add_message(talk, "", conversation.user("When?\n" + EVIL)).id
    call = Message("assistant", (Reasoning("Look"), ToolCall("c1", "find", {"q": "</pre>"})))
    called = store.add_message(talk, asked, call, origin=Origin("smol")).id
    result = Message("tool", (ToolResult("c1", "``` noon"),))
    found = store.add_message(talk, called, result).id
    answer = store.add_message(talk, found, conversation.assistant("**Noon**\n\n" + EVIL)).id
    store.add_correction(answer, "At noon.\n\n- high")
    return talk


def written(store: Store, form: str) -> str:
    trees = (store.tree(id_, shared=True) for id_ in store.conversation_ids())
    return "".join(WRITERS[form](tree for tree in trees if tree))


def test_markdown_shows_who_said_what(store: Store, talk: str) -> None:
    text = written(store, "md")
    assert text.startswith("# Tides & <moons>\n\n*20")
    for piece in (
        "## System\n\nBe brief.",
        "## You\n\nWhen?",
        "## Model (smol)\n\n> Look\n\nCalls `find`:\n\n```json\n",
        "## Tool\n\n````\n``` noon\n````",
        "## Model\n\nAt noon.\n\n- high\n",
    ):
        assert piece in text
    assert "Noon**" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_markdown_is_read_back_as_texts(store: Store, talk: str, tmp_path: Path) -> None:
    file = tmp_path / "x.md"
    file.write_text(written(store, "md"))
    with Store.memory() as other:
        assert Import(other).run(file).messages == 4
        assert shown(other)[-1] == ("assistant", "At noon.\n\n- high")


class Page(HTMLParser):
    """Tags and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name == "href"]
        assert "src" not in dict(attrs)
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("said", ["corrected", "as it was"])
def test_the_page_needs_nothing_and_runs_nothing(store: Store, talk: str, said: str) -> None:
    if said == "as it was":
        store.withdraw_correction(store.corrections()[0].id)
    text = written(store, "html")
    page = Page(text)
    assert page.open == []
    assert not page.tags & {"script", "img", "link", "iframe", "object"}
    assert [link for link in page.links if not (link or "").startswith("http://a/")] == []
    assert "&lt;script&gt;" in text
    assert "prefers-color-scheme: dark" in text
    assert ("<li>high</li>" in text) == (said == "corrected")
    assert ("<strong>Noon</strong>" in text) == (said == "as it was")
    assert "\x1b" not in text


def test_openai_messages_are_read_back(store: Store, talk: str, tmp_path: Path) -> None:
    row = json.loads(written(store, "openai"))
    assert [m["role"] for m in row["messages"]] == [
        "system", "user", "assistant", "tool", "assistant",
    ]  # fmt: skip
    (call,) = row["messages"][2]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"q": "</pre>"}
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps(row))
    with Store.memory() as other:
        Import(other).run(file)
        assert shown(other)[-1] == ("assistant", "At noon.\n\n- high")
        assert other.conversations()[0].system == "Be brief."


def test_pairs_are_the_corrections_in_force(store: Store, talk: str) -> None:
    pair = json.loads(written(store, "pairs"))
    assert [m["role"] for m in pair["prompt"]] == ["system", "user", "assistant", "tool"]
    assert pair["chosen"] == [{"role": "assistant", "content": "At noon.\n\n- high"}]
    assert pair["rejected"][0]["content"].startswith("**Noon**")
    store.withdraw_correction(store.corrections()[0].id)
    assert written(store, "pairs") == ""


def test_one_line_for_each_conversation(store: Store, talk: str) -> None:
    other = store.create_conversation("Other").id
    store.add_message(other, "", Message("user", (Text("Hi\u2028there"),)))
    store.create_conversation("Empty")
    assert len(written(store, "openai").splitlines()) == 2


def test_a_fork_is_written_with_what_it_shares_and_a_pair_once(store: Store, talk: str) -> None:
    better = store.conversation(talk).leaf
    fork = store.fork(talk, better).id
    asked = store.add_message(fork, better, conversation.user("And low?")).id
    answer = store.add_message(fork, asked, conversation.assistant("At six.")).id
    store.add_correction(answer, "At seven.")
    lines = [json.loads(line) for line in written(store, "openai").splitlines()]
    assert lines[1]["messages"][: len(lines[0]["messages"])] == lines[0]["messages"]
    assert [each["content"] for each in lines[1]["messages"][-2:]] == ["And low?", "At seven."]
    chosen = ["At noon.\n\n- high", "At seven."]
    pairs = [json.loads(line) for line in written(store, "pairs").splitlines()]
    assert [each["chosen"][0]["content"] for each in pairs] == chosen
    assert pairs[1]["prompt"] == lines[1]["messages"][:-1]
    # Alone, or with the original out of sight, the fork gives both.
    store.delete(talk)
    pairs = [json.loads(line) for line in written(store, "pairs").splitlines()]
    assert [each["chosen"][0]["content"] for each in pairs] == chosen
    for form in ("md", "html"):
        assert "At seven." in (text := written(store, form))
        assert "noon" in text
