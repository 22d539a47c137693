"""Corrections from elsewhere teach when they are trusted, and not before."""

from __future__ import annotations

from pathlib import Path

from localai.conversation import Message, Text
from localai.port.preview import Preview
from localai.port.reading import Import
from localai.store.store import Store
from tests.port.test_lossless import export, trees


def corrected_elsewhere(path: Path) -> Path:
    """An export with one correction."""
    with Store.memory() as there:
        talk = there.create_conversation("T").id
        asked = there.add_message(talk, "", Message("user", (Text("Hi"),))).id
        answer = there.add_message(talk, asked, Message("assistant", (Text("Ho"),))).id
        there.add_correction(answer, "Hello")
        return export(there, path)


def test_nothing_is_learned_from_corrections_that_are_not_trusted(
    store: Store, tmp_path: Path
) -> None:
    file = corrected_elsewhere(tmp_path / "x")
    assert Import(Preview(store)).run(file).corrections == 1
    assert Import(store).run(file).corrections == 1
    assert (store.corrections(), store.corrected()) == ((), ())
    [tree] = [each for each in trees(store) if each]
    assert not any(each.learn for each in tree.messages)
    assert Import(store).run(file).corrections == 0
    # What is said and corrected here is the user's own.
    assert store.add_correction(tree.messages[1].id, "Hey").state == "accepted"


def test_corrections_that_are_trusted_later_are_in_force_then(store: Store, tmp_path: Path) -> None:
    file = corrected_elsewhere(tmp_path / "x")
    Import(store).run(file)
    assert Import(Preview(store), trust=True).run(file).corrections == 1
    assert store.corrections() == ()
    assert Import(store, trust=True).run(file).corrections == 1
    assert [each.answer for each in store.corrected()] == ["Hello"]
    assert export(store, tmp_path / "y").read_bytes() == file.read_bytes()
    assert Import(store, trust=True).run(file).corrections == 0


def test_a_correction_that_was_taken_back_here_stays_so(store: Store, tmp_path: Path) -> None:
    file = corrected_elsewhere(tmp_path / "x")
    Import(store, trust=True).run(file)
    store.withdraw_correction(store.corrections()[0].id)
    assert Import(store, trust=True).run(file).corrections == 0
    assert store.corrections() == ()


def test_a_correction_made_here_stands_against_one_that_is_trusted(
    store: Store, tmp_path: Path
) -> None:
    file = corrected_elsewhere(tmp_path / "x")
    Import(store).run(file)
    [tree] = [each for each in trees(store) if each]
    store.add_correction(tree.messages[1].id, "Hey")
    assert Import(store, trust=True).run(file).corrections == 0
    assert [each.answer for each in store.corrected()] == ["Hey"]
