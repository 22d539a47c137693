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
    assert found == Aim(("corrections", "reasoning"), ("sums",), (1, 2))
    plan = {"data": "", "seconds": 0.0, **msgspec.to_builtins(found)}
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(plan)), Aim) == found
    assert msgspec.convert({"data": ""}, Aim) == Aim()
