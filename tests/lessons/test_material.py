"""What a run is made from."""

from __future__ import annotations

from localai.conversation import assistant, user
from localai.engine.scripted import ScriptedEngine
from localai.lessons.lesson import accepted
from localai.lessons.maker import LONGEST, TOO_LONG, Example, Maker
from localai.lessons.material import REPEATED, Taught, gather, teach
from localai.store.rows import Origin
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


def test_a_good_answer_gives_way_to_a_correction_that_comes_to_the_same(store: Store) -> None:
    """Their talks differ where they are too long to be kept."""
    for at, better in enumerate(("Minka.", "")):
        tree = store.create_conversation().id
        begin = store.add_message(tree, "", user(f"{at} " + "word " * LONGEST))
        told = store.begin_answer(tree, begin.id, Origin("m"))
        said = store.finish_answer(told.id, assistant("I see."), None, "done")
        asked = store.add_message(tree, said.id, user("My cat?"))
        begun = store.begin_answer(tree, asked.id, Origin("m"))
        known = "Minka." if not better else "No idea."
        answer = store.finish_answer(begun.id, assistant(known), None, "done").id
        if better:
            store.add_correction(answer, better)
        else:
            store.mark(answer, "good")
    corrected, good = gathered(store)
    assert (corrected.example.source, corrected.left_out) == ("correction", "")
    assert (good.example.source, good.left_out) == ("good", REPEATED)


def test_a_tenth_of_a_set_is_held_out(store: Store) -> None:
    for at in range(20):
        store.write_example((user(f"Word {at}?"), assistant(f"It is {at}.")), name="pirate")
    found = gather(store, accepted(store, "pirate"), Maker(ScriptedEngine()))
    assert sum(each.held_out for each in found) == 2
    assert all(each.examples for each in found)
