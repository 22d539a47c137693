"""What a run is made from."""

from __future__ import annotations

from localai.conversation import assistant, user
from localai.engine.scripted import ScriptedEngine
from localai.lessons.lesson import accepted
from localai.lessons.maker import LONGEST, TOO_LONG, Example, Maker
from localai.lessons.material import REPEATED, Taught, gather, teach
from localai.store.store import Store


def gathered(store: Store) -> tuple[Taught, ...]:
    return gather(store, accepted(store), Maker(ScriptedEngine()))


def made(found: tuple[Taught, ...]) -> list[Example]:
    return [each for taught in found for each in taught.examples]


def test_what_is_said_twice_is_learned_once(store: Store) -> None:
    for question, answer in [
        ("What is the name of my cat?", "Minka."),
        ("My dog?", "Rex."),
        ("Everything?", "word " * LONGEST),
        ("what is the name of my cat", "Minka"),
    ]:
        store.write_example((user(question), assistant(answer)))
    found = gathered(store)
    assert [each.left_out for each in found] == [REPEATED, "", TOO_LONG, ""]
    assert [each.repeated for each in found] == [True, False, False, False]
    assert [each.unlearnable for each in found] == [False, False, True, False]
    assert [each.lesson is None for each in found] == [True, False, True, False]
    maker = Maker(ScriptedEngine())
    assert found[3] == teach(store, found[3].example, maker)
    assert len(teach(store, found[0].example, maker).examples) > 1


def test_no_two_examples_have_the_same_ids_and_weights(store: Store) -> None:
    """A phrasing of one question may be how another one was asked."""
    store.write_example((user("Hello! My cat?"), assistant("Minka.")))
    store.write_example((user("My cat?"), assistant("Minka.")))
    older, newer = gathered(store)
    every = made((older, newer))
    assert len(set(every)) == len(every)
    alone = teach(store, newer.example, Maker(ScriptedEngine()))
    assert newer == alone
    asked = teach(store, older.example, Maker(ScriptedEngine()))
    assert asked.examples[0] in newer.examples
    assert asked.examples[0] not in older.examples
