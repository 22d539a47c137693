"""How votes between two sides came out: counted, with how much a share can be trusted. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from localai.evals.stats import wilson
from localai.store.preferred import Kind, Preference

BEFORE = ("direct", "base")
"""What is named first of two sides: the plain one."""


class Tally(msgspec.Struct, frozen=True):
    """The votes between two sides, whichever stood at the left: how often each was better, how
    often both were alike, how often neither was any good."""

    kind: Kind
    first: str
    second: str
    blind: bool
    first_won: int = 0
    second_won: int = 0
    equal: int = 0
    bad: int = 0

    @property
    def decided(self) -> int:
        """Votes for one of the two."""
        return self.first_won + self.second_won

    @property
    def share(self) -> float | None:
        """The share of the decided votes that the second won; None before there is one."""
        return self.second_won / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where that share lies with 95 % (Wilson); None before there is a vote."""
        return wilson(self.second_won, self.decided) if self.decided else None


def tallies(votes: Iterable[Preference]) -> tuple[Tally, ...]:
    """The votes by kind, sides and whether they were blind, in the order of their first vote."""
    found = dict[tuple[str, str, str, bool], Tally]()
    for vote in votes:
        one = of(vote)
        before = found.get(key := _key(one))
        found[key] = one if before is None else _sum(before, one)
    return tuple(found.values())


def tally(votes: Iterable[Preference], like: Preference) -> Tally:
    """All votes between the sides of this one, blind or not as it was."""
    wanted = _key(of(like))
    return next(each for each in tallies(votes) if _key(each) == wanted)


def of(vote: Preference) -> Tally:
    """A single vote."""
    turned = vote.right_by in BEFORE or (
        vote.left_by not in BEFORE and vote.right_by < vote.left_by
    )
    first, second = (vote.right_by, vote.left_by) if turned else (vote.left_by, vote.right_by)
    counted = {"left": (1, 0), "right": (0, 1)}.get(vote.vote, (0, 0))
    first_won, second_won = reversed(counted) if turned else counted
    equal, bad = int(vote.vote == "equal"), int(vote.vote == "bad")
    return Tally(vote.kind, first, second, vote.blind, first_won, second_won, equal, bad)


def sentence(tally: Tally) -> str:
    """A tally in words: "direct 1, steps 3 (steps 75 %, 95 % interval 30 to 95 %), 1 equal"."""
    parts = []
    if tally.interval is not None and tally.share is not None:
        low, high = (100 * end for end in tally.interval)
        parts.append(
            f"{tally.first} {tally.first_won}, {tally.second} {tally.second_won} "
            f"({tally.second} {100 * tally.share:.0f} %, 95 % interval {low:.0f} to {high:.0f} %)"
        )
    parts += [f"{tally.equal} equal"] if tally.equal else []
    parts += [f"{tally.bad} both bad"] if tally.bad else []
    return ", ".join(parts)


def _key(one: Tally) -> tuple[str, str, str, bool]:
    return one.kind, one.first, one.second, one.blind


def _sum(one: Tally, other: Tally) -> Tally:
    return msgspec.structs.replace(
        one,
        first_won=one.first_won + other.first_won,
        second_won=one.second_won + other.second_won,
        equal=one.equal + other.equal,
        bad=one.bad + other.bad,
    )
