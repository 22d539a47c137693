"""What a run trained for, told from the data sets that it learned."""

from __future__ import annotations

import msgspec
import pytest

from localai.rl.edge import Cell
from localai.tune.gate.aim import Aim, aim, with_problems

CELLS = (Cell("sums", 2), Cell("sums", 1))


@pytest.mark.parametrize(
    ("sets", "targets", "reshapes"),
    [
        ([""], ("corrections",), False),
        (["abstention"], ("unknown",), False),
        (["tools"], ("tools",), False),
        (["pirate"], ("corrections",), True),
        (["", "", "abstention", "tools"], ("corrections", "unknown", "tools"), False),
        (["", "pirate", "reasoning"], ("corrections", "reasoning"), True),
    ],
)
def test_what_is_learned_names_the_pools(
    sets: list[str], targets: tuple[str, ...], reshapes: bool
) -> None:
    found = aim(sets)
    assert (found.targets, found.reshapes) == (targets, reshapes)


def test_it_is_kept_in_a_plan_with_other_things() -> None:
    found = with_problems(aim([""]), CELLS)
    plan = {"data": "", "seconds": 0.0, **msgspec.to_builtins(found)}
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(plan)), Aim) == found
    assert msgspec.convert({"data": ""}, Aim) == Aim()


@pytest.mark.parametrize(
    ("sets", "targets"), [([], ("reasoning",)), ([""], ("corrections",)), (["tools"], ("tools",))]
)
def test_problems_are_what_a_run_is_for_only_where_nothing_else_is(
    sets: list[str], targets: tuple[str, ...]
) -> None:
    found = with_problems(aim(sets), CELLS)
    assert (found.targets, found.cells) == (targets, (Cell("sums", 1), Cell("sums", 2)))
    assert with_problems(aim(sets), ()) == aim(sets)


def test_problems_of_ones_own_have_a_pool_of_their_own() -> None:
    mine = Cell("own-mine", 0)
    assert with_problems(aim([]), [mine]).targets == ("own problems",)
    assert with_problems(aim([]), [mine, *CELLS]).targets == ("reasoning",)
    assert with_problems(aim([""]), [mine]).targets == ("corrections",)
