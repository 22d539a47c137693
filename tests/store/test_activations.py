"""Which adapter answers: chosen, undone step by step, never out of step with the log."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from localai.errors import StoreDamaged, StoreError
from localai.store.activations import undo_stack
from localai.store.store import Store
from localai.store.tuning import Activation

BASES = ("b", "c")


def add(store: Store, base: str) -> str:
    return store.add_adapter(base=base, base_bytes=1, file="f", sha256="s").id


def test_a_model_answers_bare_until_an_adapter_is_activated(store: Store) -> None:
    one, two = add(store, "b"), add(store, "b")
    assert store.active_adapter("b") is None
    assert store.activations("b") == ()
    first = store.activate("b", one, "promoted")
    assert (first.base, first.adapter, first.reason) == ("b", one, "promoted")
    assert store.active_adapter("b") == store.adapter(one)
    assert store.active_adapter("c") is None
    second = store.activate("b", two, "chosen")
    bare = store.activate("b", "", "chosen")
    assert store.active_adapter("b") is None
    assert store.activations("b") == (bare, second, first)


def test_going_back_twice_goes_back_two(store: Store) -> None:
    one, two = add(store, "b"), add(store, "b")
    store.activate("b", one, "promoted")
    store.activate("b", two, "promoted")
    assert store.roll_back("b") == store.adapter(one) == store.active_adapter("b")
    assert store.roll_back("b") is None
    assert store.active_adapter("b") is None
    with pytest.raises(StoreError, match="nothing to go back to"):
        store.roll_back("b")
    log = [(entry.adapter, entry.reason) for entry in store.activations("b")]
    assert log == [("", "rollback"), (one, "rollback"), (two, "promoted"), (one, "promoted")]


def test_what_is_activated_after_going_back_leads_there_again(store: Store) -> None:
    one, two, three = (add(store, "b") for _ in range(3))
    store.activate("b", one, "promoted")
    store.activate("b", two, "promoted")
    store.roll_back("b")
    store.activate("b", three, "promoted")
    assert store.roll_back("b") == store.adapter(one)
    assert store.roll_back("b") is None


def test_activating_what_answers_already_leaves_nothing_to_undo(store: Store) -> None:
    one = add(store, "b")
    store.activate("b", "", "chosen")
    with pytest.raises(StoreError, match="nothing to go back to"):
        store.roll_back("b")
    for _ in range(2):
        store.activate("b", one, "chosen")
    assert store.roll_back("b") is None


def test_only_adapters_of_the_model_are_activated(store: Store) -> None:
    other = add(store, "c")
    for wrong in (other, "nowhere", "tuned-1"):
        with pytest.raises(StoreError, match="has no adapter"):
            store.activate("b", wrong, "chosen")
    assert store.activations("b") == ()


def test_a_log_that_undoes_more_than_was_done_is_damage(store: Store) -> None:
    store._db.connection.execute(
        "INSERT INTO activations (base, reason, created) VALUES ('b', 'rollback', 0)"
    )
    with pytest.raises(StoreDamaged, match="undone"):
        store.roll_back("b")


@given(st.lists(st.sampled_from(["", "x", "y", "z"])))
def test_undoing_everything_ends_at_the_bare_model(chosen: list[str]) -> None:
    log = [Activation(number, "b", id_, "chosen", 0.0) for number, id_ in enumerate(chosen)]
    stack = undo_stack(log)
    assert stack[-1] == (chosen or [""])[-1]
    assert all(above != below for above, below in itertools.pairwise(stack))
    while len(stack) > 1:
        log.append(Activation(len(log), "b", stack[-2], "rollback", 0.0))
        assert undo_stack(log) == stack[:-1]
        stack.pop()
    assert stack == [""]


class Undo(RuleBasedStateMachine):
    """The store against plain lists: for each model, everything that answered so far."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.memory()
        self.known = {base: ["", *(add(self.store, base) for _ in range(3))] for base in BASES}
        self.stacks = {base: [""] for base in BASES}
        self.entries = dict.fromkeys(BASES, 0)

    def teardown(self) -> None:
        self.store.close()

    @rule(base=st.sampled_from(BASES), number=st.integers(0, 3))
    def activate(self, base: str, number: int) -> None:
        id_ = self.known[base][number]
        assert self.store.activate(base, id_, "chosen").adapter == id_
        self.entries[base] += 1
        if self.stacks[base][-1] != id_:
            self.stacks[base].append(id_)

    @rule(base=st.sampled_from(BASES), number=st.integers(1, 3))
    def remove(self, base: str, number: int) -> None:
        gone = self.store.adapter(self.known[base][number])
        self.known[base][number] = add(self.store, base)
        left = [id_ for id_ in self.stacks[base] if id_ != gone.id]
        self.stacks[base] = [id_ for id_, _ in itertools.groupby(left)]
        self.entries[base] = len(self.stacks[base]) - 1
        assert self.store.answers_without(gone) == self.stacks[base][-1]
        self.store.remove_adapter(gone)
        with pytest.raises(StoreError, match="no adapter"):
            self.store.adapter(gone.id)

    @rule(base=st.sampled_from(BASES))
    def promote(self, base: str) -> None:
        run = self.store.begin_run("m", base, {}).id
        made = self.store.promote(run, base_bytes=1, file="f", sha256="s", verdict={})
        self.entries[base] += 1
        self.stacks[base].append(made.id)

    @rule(base=st.sampled_from(BASES))
    def roll_back(self, base: str) -> None:
        if len(self.stacks[base]) == 1:
            with pytest.raises(StoreError, match="nothing to go back to"):
                self.store.roll_back(base)
            return
        self.stacks[base].pop()
        back = self.store.roll_back(base)
        assert (back.id if back else "") == self.stacks[base][-1]
        self.entries[base] += 1

    @precondition(lambda self: all(len(stack) > 2 for stack in self.stacks.values()))
    @rule()
    def roll_everything_back(self) -> None:
        for base in BASES:
            while len(self.stacks[base]) > 1:
                self.roll_back(base)

    @invariant()
    def what_answers_agrees(self) -> None:
        for base in BASES:
            active = self.store.active_adapter(base)
            assert (active.id if active else "") == self.stacks[base][-1]
            log = self.store.activations(base)
            assert len(log) == self.entries[base]
            assert undo_stack(reversed(log)) == self.stacks[base]


TestUndoAgainstModel = Undo.TestCase
TestUndoAgainstModel.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


def test_a_run_outlives_the_adapter_it_made() -> None:
    with Store.memory() as store:
        run = store.begin_run("m", "b", {}).id
        made = store.promote(run, base_bytes=1, file="f", sha256="s", verdict={"right": 1})
        store.remove_adapter(made)
        assert (store.run(run).adapter, store.run(run).verdict) == ("", {"right": 1})
        assert store.active_adapter("b") is None
