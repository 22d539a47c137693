"""What the accepted examples of a run come to: the lessons and examples that are trained on,
and why others are left out. The tune and its dry run both take it from here.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from localai.lessons import holdout
from localai.lessons.lesson import Lesson, Unlearnable, read
from localai.lessons.maker import Example, Maker
from localai.store.store import Store
from localai.store.tuning import StoredExample

REPEATED = "Another example says the same."


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of an accepted example; `left_out` says why nothing does. `parts`: what is
    made of it are the answers of one dialogue, not ways to ask for the same one. `held_out`: it
    is not trained on, but tells when to stop."""

    example: StoredExample
    left_out: str = ""
    parts: bool = False
    held_out: bool = False

    @property
    def repeated(self) -> bool:
        """Whether it is left out as a duplicate."""
        return self.left_out == REPEATED


class Taught(Outcome, frozen=True, kw_only=True):
    """The lesson that an example holds and the examples to train on that are made of it; `ways`
    are the words that each is asked in, where one answer counts."""

    lesson: Lesson | None = None
    examples: tuple[Example, ...] = ()
    ways: dict[Example, str] = {}

    @property
    def unlearnable(self) -> bool:
        """Whether it was to become better and cannot be learned from."""
        return bool(self.left_out) and not self.repeated and self.example.source != "good"


def teach(store: Store, example: StoredExample, maker: Maker) -> Taught:
    """What becomes of one, looked at by itself."""
    return _make(maker, _read(store, example))


def gather(store: Store, accepted: Sequence[StoredExample], maker: Maker) -> tuple[Taught, ...]:
    """What becomes of all, in their order (the oldest first). Of those that say the same the
    newest stays, but a corrected one before an answer called good, and no two examples have
    the same ids and weights."""
    from localai.lessons import duplicates  # the app asks for one by itself, and needs it not

    everything = [_read(store, each) for each in accepted]
    again = duplicates.repeated([each.lesson for each in everything if each.lesson])
    seen, found = set[Example](), dict[str, Taught]()
    good_first = sorted(everything, key=lambda each: each.example.source != "good")
    for each in reversed(good_first):
        taught = _left_out(each, REPEATED) if each.example.id in again else _make(maker, each)
        fresh = tuple(made for made in dict.fromkeys(taught.examples) if made not in seen)
        seen.update(fresh)
        nothing = taught.examples and not fresh
        found[each.example.id] = (
            _left_out(taught, REPEATED) if nothing else replace(taught, examples=fresh)
        )
    held = holdout.held_out([each.example for each in found.values() if each.lesson])
    return tuple(replace(found[each.id], held_out=each.id in held) for each in accepted)


def _read(store: Store, example: StoredExample) -> Taught:
    try:
        return Taught(example=example, lesson=read(store, example))
    except Unlearnable as error:
        return Taught(example=example, left_out=str(error))


def _make(maker: Maker, taught: Taught) -> Taught:
    if taught.lesson is None:
        return taught
    try:
        fitted = maker.fit(taught.lesson)
        if fitted.several:
            parts = maker.examples(fitted)
            return replace(taught, examples=parts, parts=len(parts) > 1)
        ways = {made: way for way, made in maker.by_way(fitted).items()}
    except Unlearnable as error:
        return _left_out(taught, str(error))
    return replace(taught, examples=tuple(ways), ways=ways)


def _left_out(taught: Taught, why: str) -> Taught:
    return Taught(example=taught.example, left_out=why)
