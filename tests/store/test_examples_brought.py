"""Examples that come with an import, or with a conversation of another history."""

from __future__ import annotations

from localai.conversation import assistant, user
from localai.store.rows import Origin
from localai.store.store import Store
from localai.store.tree import Tree
from tests.store.test_corrections import ask
from tests.store.test_examples import PIRATE


def brought(store: Store, tree: Tree | None, *, trust: bool) -> Store:
    assert tree is not None
    (landed,) = store.add_trees([tree], trust=trust)
    assert not landed.problem
    return store


def test_examples_travel_with_their_conversation(store: Store) -> None:
    id_ = store.write_example(PIRATE, "Talk like a pirate.", "pirate")
    tree = store.tree(store.example(id_).conversation)
    with Store.memory() as other:
        brought(other, tree, trust=True)
        assert other.examples() == store.examples()
        assert other.conversations() == ()


def test_examples_that_are_not_trusted_wait(store: Store) -> None:
    said = ask(store)
    store.add_correction(said.id, "Paris.", "shorter")
    begun = store.begin_answer(said.conversation, said.parent, Origin("m"))
    again = store.finish_answer(begun.id, assistant("It is Paris."), None, "done")
    store.mark(again.id, "good")
    tree = store.tree(said.conversation)
    with Store.memory() as other:
        brought(other, tree, trust=False)
        assert {each.state for each in other.examples()} == {"pending"}
        brought(other, tree, trust=True)
        assert {each.state for each in other.examples()} == {"accepted"}
        assert other.examples() == store.examples()


def test_imported_conversations_wait_in_their_set_once(store: Store) -> None:
    said = ask(store)
    asked = store.add_message(said.conversation, said.id, user("And Spain?"))
    empty = store.add_message(store.create_conversation().id, "", user("Hello?"))
    assert store.add_imported("travel", [asked.id, empty.id]) == 1
    assert store.add_imported("travel", [asked.id, said.id]) == 0
    (example,) = store.examples(name="travel")
    assert (example.leaf, example.state, example.whole) == (said.id, "pending", True)
    assert store.judge_set("travel", "accepted") == 1
    assert store.add_imported("other", [said.id]) == 1
