"""Which style is better by kind, and what of it is kept."""

from __future__ import annotations

from localai.config import StyleSettings
from localai.evals.styles import by_kind, kept
from localai.evals.task import Answer, Example, Outcome


def outcomes(kind: str, right: list[int], tokens: int) -> list[Outcome]:
    return [
        Outcome(
            Example(id=f"{kind}-{at}", question="?", kind=kind),
            (Answer(text="", tokens=tokens),),
            {"right": float(each)},
        )
        for at, each in enumerate(right)
    ]


def test_both_styles_are_told_by_kind_with_errors() -> None:
    direct = outcomes("sums", [1, 0, 1, 0], 10) + outcomes("ages", [0, 0], 30)
    steps = outcomes("sums", [1, 1, 1, 1], 40) + outcomes("ages", [0, 1], 50)
    ages, sums, both = by_kind(direct, steps[::-1])
    assert [each.name for each in (ages, sums, both)] == ["ages", "sums", ""]
    assert (sums.direct.right.value, sums.steps.right.value) == (0.5, 1.0)
    assert sums.direct.right.error > 0
    assert sums.direct.per_right is not None
    assert sums.steps.per_right is not None
    assert (sums.direct.per_right.value, sums.steps.per_right.value) == (20.0, 40.0)
    assert ages.direct.per_right is None
    assert both.apart.n == 6


def test_only_what_both_answered_counts() -> None:
    (sums,) = by_kind(outcomes("sums", [1, 1, 0], 1), outcomes("sums", [0, 1], 1))
    assert sums.apart.n == 2


def test_a_style_is_better_only_beyond_chance() -> None:
    def better(won: int, lost: int) -> str | None:
        same = [1] * 20
        direct = [0] * won + [1] * lost + same
        steps = [1] * won + [0] * lost + same
        (found,) = by_kind(outcomes("sums", direct, 1), outcomes("sums", steps, 1))
        return found.better

    assert better(0, 0) is None
    assert better(4, 0) is None
    assert better(9, 3) is None
    assert better(12, 1) == "steps"
    assert better(0, 8) == "direct"


def test_what_was_measured_anew_replaces_what_was_known() -> None:
    found = by_kind(
        [
            *outcomes("sums", [1] * 20, 1),
            *outcomes("ages", [0] * 20, 1),
            *outcomes("units", [1] * 20, 1),
            *outcomes("gym-gcd", [1] * 20, 1),
        ],
        [
            *outcomes("sums", [0] * 20, 1),
            *outcomes("ages", [1] * 20, 1),
            *outcomes("units", [1] * 20, 1),
            *outcomes("gym-gcd", [0] * 20, 1),
        ],
    )
    known = StyleSettings(direct=["units", "ages", "letters"], steps=["logic"])
    assert kept(known, found) == StyleSettings(direct=["sums", "letters"], steps=["ages", "logic"])
