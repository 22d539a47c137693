"""Full-text search: what is found, what typed signs mean, where the marks are."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.conversation import (
    Message,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    assistant,
    user,
)
from localai.errors import QueryError, StoreError
from localai.store.rows import Origin
from localai.store.store import Store


def found(store: Store, query: str) -> list[str]:
    """The ids of the messages, as they are found."""
    return [hit.message for hit in store.search(query)]


def test_all_words_must_be_there_and_the_last_may_be_unfinished(store: Store) -> None:
    tree = store.create_conversation("Travel").id
    first = store.add_message(tree, "", user("The night train to Lisbon"))
    store.add_message(tree, first.id, assistant("Trains run daily"))
    assert [hit.message for hit in store.search("lisb")] == [first.id]
    assert [hit.message for hit in store.search("NIGHT lis")] == [first.id]
    assert store.search("nigh lisbon") == ()
    assert store.search("lisbon daily") == ()
    assert len(store.search("train")) == 2
    assert len(store.search("train", limit=1)) == 1


def test_accents_do_not_matter(store: Store) -> None:
    tree = store.create_conversation().id
    store.add_message(tree, "", user("Das Café in Zürich"))
    assert len(store.search("cafe zurich")) == 1


def test_a_hit_says_where_it_is_and_what_matched(store: Store) -> None:
    tree = store.create_conversation("Travel")
    words = " ".join(f"w{number}" for number in range(40))
    said = store.add_message(tree.id, "", user(f"{words} Lisbon {words}"))
    (hit,) = store.search("lisbon")
    assert (hit.conversation, hit.title, hit.message, hit.role) == (
        tree.id,
        "Travel",
        said.id,
        "user",
    )
    assert [text for text, matched in hit.pieces if matched] == ["Lisbon"]
    assert hit.snippet.startswith("…")
    assert hit.snippet.endswith("…")
    assert 100 < len(hit.snippet) < 170


def test_reasoning_is_not_searched(store: Store) -> None:
    tree = store.create_conversation().id
    store.add_message(tree, "", Message("assistant", (Reasoning("zebra"), Text("horse"))))
    assert store.search("zebra") == ()
    assert len(store.search("horse")) == 1


def test_conversations_are_found_by_title_and_by_content(store: Store) -> None:
    titled = store.create_conversation("Zebra facts")
    said = store.create_conversation("Other")
    store.add_message(said.id, "", user("a zebra crossing"))
    store.create_conversation("Neither")
    assert {c.id for c in store.conversations(query="zebra")} == {titled.id, said.id}
    store.delete(said.id)
    assert {c.id for c in store.conversations(query="zebra")} == {titled.id}
    assert {c.id for c in store.conversations(query="zebra", deleted=True)} == {said.id}
    assert len(store.conversations(query="  ")) == 2


@pytest.mark.parametrize(
    "query",
    ['"', "*", "a AND", "NEAR(", "text:", "(", "-a", "^", "'", "a\0b", "{", "😀", "x " * 5000],
)
def test_typed_signs_are_not_syntax(store: Store, query: str) -> None:
    tree = store.create_conversation("t").id
    store.add_message(tree, "", user("something else"))
    assert store.search(query) == ()
    assert store.recall(query, 5) == ()
    assert store.conversations(query=query) == ()


def test_recalling_takes_all_words_before_some(store: Store) -> None:
    tree = store.create_conversation("Travel").id
    some = store.add_message(tree, "", user("The train, the train, the train"))
    every = store.add_message(tree, "", assistant("A night in Lisbon; trains run daily"))
    store.add_message(tree, "", user("Nothing of the kind"))
    asked = "Lisbon train"
    assert [hit.message for hit in store.recall(asked, 5)] == [every.id, some.id]
    assert [hit.message for hit in store.recall(asked, 1)] == [every.id]
    assert [hit.message for hit in store.recall("when did we go to Lisbon?", 5)] == [every.id]
    assert store.recall("rain", 5) == ()


def test_what_is_recalled_is_whole_and_marked(store: Store) -> None:
    tree = store.create_conversation().id
    text = "The CAFÉ there; more cafés; decaf. Zu\u0308rich, a train"
    store.add_message(tree, "", user(text))
    (hit,) = store.recall("café, a Zürich?", 5)
    assert hit.snippet == text
    assert [piece for piece, matched in hit.pieces if matched][:2] == ["CAFÉ", "cafés"]
    assert "train" not in [piece for piece, matched in hit.pieces if matched]


def test_a_text_with_very_many_matches_is_recalled_at_once(store: Store) -> None:
    tree = store.create_conversation().id
    store.add_message(tree, "", user("zebra " * 100_000))
    began = time.process_time()
    (hit,) = store.recall("zebra", 5)
    assert time.process_time() - began < 2  # FTS5's marks took 10 s
    assert len(hit.snippet) == 600_000


def test_recalling_leaves_out_what_would_repeat_itself(store: Store) -> None:
    here, there, gone = (store.create_conversation().id for _ in range(3))
    store.add_message(here, "", user("What about the zebra?"))
    said = store.add_message(there, "", assistant("A zebra has stripes"))
    store.add_message(there, "", Message("tool", (ToolResult("1", "zebra"), Text("zebra"))))
    store.add_message(there, "", Message("system", (Text("Speak of the zebra"),)))
    store.add_message(gone, "", user("The zebra left"))
    store.delete(gone)
    assert [hit.message for hit in store.recall("zebra", 9, leave_out=here)] == [said.id]
    assert len(store.recall("zebra", 9)) == 2


def test_a_text_with_very_many_matches_is_found_at_once(store: Store) -> None:
    tree = store.create_conversation().id
    store.add_message(tree, "", user("zebra " * 100_000))
    began = time.process_time()
    (hit,) = store.search("zebra")
    assert time.process_time() - began < 2  # FTS5's snippet took 10 s
    assert len(hit.snippet) < 170


def test_phrases_and_unwanted_words(store: Store) -> None:
    tree = store.create_conversation().id
    night = store.add_message(tree, "", user("The night train to Lisbon"))
    day = store.add_message(tree, night.id, assistant("No train by night, by day only"))
    assert found(store, '"night train"') == [night.id]
    assert found(store, '"the night tr') == [night.id]  # still being typed
    assert found(store, '"the night tr"') == []
    assert found(store, "train -lisbon") == [day.id]
    assert len(found(store, "train -lis")) == 2  # unwanted words are whole ones
    assert found(store, 'train -"by day"') == [night.id]
    assert found(store, "train -night") == []
    assert found(store, "-night") == []  # nothing is asked for
    assert found(store, "role:user -lisbon") == []


def test_filters(store: Store) -> None:
    tree = store.create_conversation().id
    asked = store.add_message(tree, "", user("A zebra?"))
    small = Origin("small-135m")
    answer = store.begin_answer(tree, asked.id, small)
    store.finish_answer(answer.id, assistant("A `zebra`:\n```\nx\n```"), None, "done")
    other = store.begin_answer(tree, asked.id, Origin("Large-7B"))
    store.finish_answer(other.id, assistant("That zebra"), None, "done")
    better = store.add_correction(other.id, "This zebra").chosen
    assert found(store, "zebra role:user") == [asked.id]
    assert found(store, "zebra -role:user -model:small") == [better, other.id]
    assert found(store, "zebra model:SMALL") == [answer.id]
    assert found(store, "model:7b") == [other.id]
    assert found(store, "has:correction") == [better, other.id]
    assert found(store, "zebra has:correction -model:large") == [better]
    assert found(store, "has:code") == [answer.id]
    assert len(found(store, "zebra after:today")) == 4
    assert found(store, "zebra after:2990") == found(store, "zebra before:1999-12-31") == []
    assert len(found(store, "before:2990-01 after:yesterday")) == 4


def test_a_tool_is_found_with_all_that_came_of_it(store: Store) -> None:
    tree = store.create_conversation().id
    asked = store.add_message(tree, "", user("How much is it?"))
    call = Message("assistant", (ToolCall("1", "calculator", {"expression": "2 + 2"}),))
    called = store.add_message(tree, asked.id, call)
    result = store.add_message(tree, called.id, Message("tool", (ToolResult("1", "4"),)))
    answer = store.add_message(tree, result.id, assistant("It is four"))
    store.add_message(tree, answer.id, user("Is it four?"))
    assert set(found(store, "tool:calculator")) == {called.id, result.id, answer.id}
    assert found(store, "four tool:calc") == [answer.id]
    assert found(store, "tool:weekday") == []


def test_the_best_match_is_first_and_the_newest_among_equals(store: Store) -> None:
    tree = store.create_conversation().id
    texts = ("one zebra and much else besides", "a zebra", "a zebra", "zebra zebra", "nothing")
    ids = [store.add_message(tree, "", user(text)).id for text in texts]
    assert found(store, "zebra") == [ids[3], ids[2], ids[1], ids[0]]


def test_a_common_word_is_taken_as_it_stands(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localai.store.search.RANKED", 2)
    tree = store.create_conversation().id
    whole = {store.add_message(tree, "", user("a zebra")).id for _ in range(2)}
    begun = store.add_message(tree, "", user("zebras")).id
    assert {hit.message for hit in store.search("zebra", 2)} == whole
    assert {hit.message for hit in store.search("zebra", 3)} == {begun, *whole}


def test_what_is_being_looked_up_can_be_broken_off(store: Store) -> None:
    tree = store.create_conversation().id
    store.add_message(tree, "", user("a zebra"))
    endless = "WITH RECURSIVE n AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n"

    def read() -> None:
        with pytest.raises(StoreError, match="interrupted"), store._db.read() as db:
            db.execute(endless).fetchone()

    with ThreadPoolExecutor() as threads:
        reading = threads.submit(read)
        while not reading.done():
            store.interrupt()
        reading.result()
    assert len(store.search("zebra")) == 1


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_nothing_that_is_typed_fails(query: str) -> None:
    with Store.memory() as memory:
        tree = memory.create_conversation(query).id
        memory.add_message(tree, "", user(query))
        with suppress(QueryError):  # "colour:red" is a filter that is none
            memory.search(query)
        memory.recall(query, 5)
        memory.conversations(query=query)
