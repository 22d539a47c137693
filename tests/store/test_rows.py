"""What rows are asked about a path."""

from __future__ import annotations

from localai.conversation import assistant, user
from localai.store.rows import last_question
from localai.store.store import Store


def test_the_last_question_of_a_path_is_found() -> None:
    store = Store.memory()
    talk = store.create_conversation("Talk")
    parent = ""
    for message in (user("First?"), assistant("Yes."), user("Second?"), assistant("No.")):
        parent = store.add_message(talk.id, parent, message).id
    path = store.path(parent)
    found = [last_question(path[:end]) for end in range(5)]
    texts = [row.message.text if row else None for row in found]
    assert texts == [None, "First?", "First?", "Second?", "Second?"]
