"""Lines that share beginnings: the books agree with a cache that is simulated cell by cell."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from localai.engine.forks import Forks
from tests.engine.test_prefix import naive_common

LINES = st.integers(0, 3)


class Books(RuleBasedStateMachine):
    """Four sequences of a unified cache: each cell knows its id and who owns it."""

    def __init__(self) -> None:
        super().__init__()
        self.forks = Forks(4)
        self.cells: list[tuple[int, int, set[int]]] = []  # position, id, owners

    @rule(at=LINES, ids=st.lists(st.integers(0, 2), max_size=5))
    def decode(self, at: int, ids: list[int]) -> None:
        line = self.forks.lines[at]
        self.cells += [(len(line.ids) + i, id, {at}) for i, id in enumerate(ids)]
        self.forks.extend(line, ids)

    @rule(at=LINES, length=st.integers(0, 9))
    def forget(self, at: int, length: int) -> None:
        self.forks.cut(self.forks.lines[at], length)
        for position, _, owners in self.cells:
            if position >= length:
                owners.discard(at)

    @rule(source=LINES, to=LINES, length=st.integers(0, 9))
    def fork(self, source: int, to: int, length: int) -> None:
        lines = self.forks.lines
        if lines[to].ids or source == to:
            return
        length = min(length, len(lines[source].ids))
        self.forks.fork(lines[source], lines[to], length)
        for position, _, owners in self.cells:
            if position < length and source in owners:
                owners.add(to)

    @rule(ids=st.lists(st.integers(0, 2), max_size=6), most=st.integers(0, 6))
    def look(self, ids: list[int], most: int) -> None:
        line, length = self.forks.longest(ids, partial=True, most=most)
        shared = [min(most, naive_common(each.ids, ids)) for each in self.forks.lines]
        assert length == max(shared)
        assert length == shared[line.sequence]

    @invariant()
    def every_line_is_what_its_cells_say(self) -> None:
        for line in self.forks.lines:
            own = sorted((p, id) for p, id, owners in self.cells if line.sequence in owners)
            assert [id for _, id in own] == line.ids
            assert [p for p, _ in own] == list(range(len(line.ids)))

    @invariant()
    def held_counts_each_cell_once(self) -> None:
        assert self.forks.held == sum(bool(owners) for _, _, owners in self.cells)


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_a_state_is_shared_whole_or_not_at_all() -> None:
    forks = Forks(2)
    forks.extend(forks.lines[0], [1, 2, 3])
    assert forks.longest([1, 2, 3, 4], partial=False, most=9) == (forks.lines[0], 3)
    assert forks.longest([1, 2, 4], partial=False, most=9)[1] == 0
