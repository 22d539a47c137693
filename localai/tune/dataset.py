"""What a run trains on, taken from the accepted examples by the bare model's engine.

Which examples can be learned from is `lessons.material`'s to say; how they are trained on is
the trainer's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from localai.errors import UsageError
from localai.lessons import material
from localai.lessons.lesson import Lesson, Unlearnable, accepted
from localai.lessons.maker import Example, Maker
from localai.lessons.sets import named
from localai.store.store import Store
from localai.store.tuning import StoredExample
from localai.tune.choosing import evenly
from localai.tune.plan import Options, Plan

PARITY_TEXTS = 20
"""Texts that both engines read after training, none of them trained on."""

ONLY_GOOD = (
    "Good answers alone give nothing to become better at; correct an answer, then tune again."
)
ONLY_GOOD_LEFT = (
    "Only good answers can be learned from, which give nothing to become better at. What was "
    "corrected is left out: {reason}"
)
UNLEARNABLE = "None of it can be learned from: {reason}"

Examples = tuple[Example, ...]


def learnable(store: Store, name: str, *, rl: bool) -> tuple[StoredExample, ...]:
    """What is accepted of the data sets `name`. Raises UsageError where nothing could become better
    by it."""
    found = accepted(store, name, rl=rl)
    if not rl and all(example.source == "good" for example in found):
        raise UsageError(ONLY_GOOD)
    return found


class Dataset(msgspec.Struct, frozen=True):
    """What is learned: the `lessons`, and as examples: `own` to train on, `held` out of them to
    tell when to stop, `replay` of the bare model, `parity` for both engines to read. `repeated`
    are the ids of what was left out as said before."""

    lessons: tuple[Lesson, ...]
    own: Examples
    held: Examples
    replay: Examples
    parity: Examples
    repeated: tuple[str, ...] = ()

    def plan(
        self, base: str, options: Options, tokenizer: str, more: Sequence[Example] = ()
    ) -> Plan:
        """How to train on it, and on `more`, the model in the file `base`."""
        return Plan(
            base,
            options,
            own=(*self.own, *more),
            replay=self.replay,
            parity=self.parity,
            held=self.held,
            tokenizer=tokenizer,
        )


def dataset(
    store: Store,
    accepted: Sequence[StoredExample],
    maker: Maker,
    replay: Callable[[], Examples],
    name: str = "",
    *,
    alone: bool = False,
) -> Dataset:
    """What the accepted examples come to, beside what `replay` makes. Raises UsageError, before
    that is asked, when nothing of the data sets `name` could become better; not where something
    else than examples is learned (`alone`)."""
    found = material.gather(store, accepted, maker)
    made = [each.lesson for each in found if each.lesson and each.lesson.name in named(name)]
    if not alone and all(lesson.source == "good" for lesson in made):
        reason = next((each.left_out for each in found if each.unlearnable), material.REPEATED)
        raise UsageError((ONLY_GOOD_LEFT if made else UNLEARNABLE).format(reason=reason))
    learned = [each for each in found if each.lesson and not each.held_out]
    lessons = tuple(each.lesson for each in learned if each.lesson)
    held = _examples([each for each in found if each.held_out])
    again = replay()
    spared = evenly(again, PARITY_TEXTS // 2)
    asked = held or _held_out(maker, lessons)
    return Dataset(
        lessons=lessons,
        own=_examples(learned),
        held=held,
        replay=tuple(each for each in again if each not in spared),
        parity=(*evenly(asked, PARITY_TEXTS - len(spared)), *spared),
        repeated=tuple(each.example.id for each in found if each.repeated),
    )


def _examples(taught: Sequence[material.Taught]) -> Examples:
    return tuple(each for some in taught for each in some.examples)


def _held_out(maker: Maker, lessons: Sequence[Lesson]) -> Examples:
    """The lessons in words that are kept out of training."""
    found = list[Example]()
    for lesson in evenly(lessons, PARITY_TEXTS):
        try:
            found += maker.held_out(lesson)
        except Unlearnable:  # longer than it was in its own words
            continue
    return tuple(found)
