"""Adapters and file hashes: what is known of files that are kept elsewhere."""

from __future__ import annotations

import pytest

from localai.errors import StoreDamaged, StoreError, UsageError
from localai.store.store import Store
from localai.store.tuning import Adapter


def add(store: Store, base: str, size: int = 100) -> Adapter:
    return store.add_adapter(base=base, base_bytes=size, file="/a.gguf", sha256="s")


def test_an_adapter_is_read_back_as_it_was_recorded(store: Store) -> None:
    run = store.begin_run("m", "b", {}).id
    made = store.add_adapter(base="b", base_bytes=2**40, file="/a/ä.gguf", sha256="s", run=run)
    assert (made.name, made.base, made.base_bytes) == ("tuned-1", "b", 2**40)
    assert (made.file, made.sha256, made.run) == ("/a/ä.gguf", "s", run)
    assert store.adapters() == (made,)
    assert store.active_adapter("b") is None


def test_names_count_up_for_ever_over_all_models(store: Store) -> None:
    made = [add(store, base) for base in ("b", "c", "b")]
    assert [adapter.name for adapter in made] == ["tuned-1", "tuned-2", "tuned-3"]
    store._db.connection.execute("DELETE FROM adapters WHERE id = ?", (made[2].id,))
    assert add(store, "b").name == "tuned-4"


def test_they_are_listed_newest_first_and_by_model(store: Store) -> None:
    one, two, three = add(store, "b"), add(store, "c"), add(store, "b")
    assert store.adapters() == (three, two, one)
    assert store.adapters("b") == (three, one)
    assert store.adapters("d") == ()


def test_an_adapter_is_found_by_id_or_name(store: Store) -> None:
    made = add(store, "b")
    for known in (made.id, made.id.lower(), "tuned-1", " Tuned-1 "):
        assert store.adapter(known) == made
    for unknown in ("", "1", "tuned-01", "tuned-2", made.id[:-1]):
        with pytest.raises(StoreError, match="There is no adapter"):
            store.adapter(unknown)


def test_a_new_name_is_used_everywhere_and_the_first_one_still_finds_it(store: Store) -> None:
    made, other = add(store, "b"), add(store, "b")
    store.activate("b", made.id, "chosen")
    assert store.rename_adapter(made.id, " Pirate.v2 ").name == "Pirate.v2"
    assert {store.adapter(known).id for known in ("PIRATE.V2", "tuned-1", made.id)} == {made.id}
    assert store.adapters()[1].name == store.active_adapter("b").name == "Pirate.v2"  # type: ignore[union-attr]
    assert store.rename_adapter(made.id, "pirate.V2").name == "pirate.V2"
    with pytest.raises(UsageError, match="is called PIRATE"):
        store.rename_adapter(other.id, "PIRATE.v2")
    assert store.rename_adapter(made.id, "Tuned-1").name == "tuned-1"
    assert store.rename_adapter(other.id, "pirate.v2").name == "pirate.v2"


@pytest.mark.parametrize(
    "name",
    ["", " ", "base", "Base", "tuned-2", "TUNED-7", "a b", "-a", "a/b", "ä", "a" * 41, "\x1b"],
)
def test_what_cannot_be_a_name(store: Store, name: str) -> None:
    made = add(store, "b")
    for bad in (name, made.id.lower()):
        with pytest.raises(UsageError, match="name") as error:
            store.rename_adapter(made.id, bad)
        assert "\n" not in str(error.value)
        with pytest.raises(UsageError, match="name"):
            store.check_adapter_name(bad)
    assert store.adapter(made.id) == made
    with pytest.raises(StoreError, match="no adapter"):
        store.rename_adapter("nowhere", "fine")


def test_a_name_from_the_start_or_nothing(store: Store) -> None:
    facts = {"base": "b", "base_bytes": 1, "file": "f", "sha256": "s"}
    assert store.add_adapter(**facts, name="pirate").name == "pirate"  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        store.add_adapter(**facts, name="Pirate")  # type: ignore[arg-type]
    assert [adapter.name for adapter in store.adapters()] == ["pirate"]


def test_a_run_that_is_not_there_made_no_adapter(store: Store) -> None:
    with pytest.raises(StoreError, match="no tune run"):
        store.add_adapter(base="b", base_bytes=1, file="f", sha256="s", run="nowhere")
    assert store.adapters() == ()


def test_the_sizes_of_models_that_have_adapters(store: Store) -> None:
    assert store.adapter_sizes() == frozenset()
    for base, size in (("b", 10), ("b", 10), ("c", 20)):
        add(store, base, size)
    assert store.adapter_sizes() == {10, 20}


def test_a_row_that_nobody_wrote_is_damage(store: Store) -> None:
    made = add(store, "b")
    store._db.connection.execute("UPDATE adapters SET file = cast(x'ff' AS TEXT)")
    with pytest.raises(StoreDamaged, match="damaged"):
        store.adapter(made.id)


def test_a_file_is_known_in_the_state_it_was_hashed_in(store: Store) -> None:
    assert store.file_hash("/m.gguf", 10, 1764000000000000001) == ""
    store.remember_file_hash("/m.gguf", 10, 1764000000000000001, "aa")
    assert store.file_hash("/m.gguf", 10, 1764000000000000001) == "aa"
    assert store.file_hash("/m.gguf", 11, 1764000000000000001) == ""
    assert store.file_hash("/m.gguf", 10, 1764000000000000002) == ""
    assert store.file_hash("/n.gguf", 10, 1764000000000000001) == ""


def test_a_changed_file_is_remembered_in_its_last_state_alone(store: Store) -> None:
    store.remember_file_hash("/m.gguf", 10, 1, "aa")
    store.remember_file_hash("/m.gguf", 12, 2, "bb")
    assert store.file_hash("/m.gguf", 10, 1) == ""
    assert store.file_hash("/m.gguf", 12, 2) == "bb"
