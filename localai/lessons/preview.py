"""What a tune would train on, read back from the ids and weights that the trainer would get."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from localai.counted import counted
from localai.engine.base import Engine
from localai.lessons.maker import Example, Maker
from localai.lessons.material import Outcome, Taught, teach
from localai.store.store import Store
from localai.store.tuning import StoredExample


class Seen(msgspec.Struct, frozen=True):
    """An example as text: its tokens' texts in order, each with whether it counts. `way`: the
    words that it is asked in, where one answer counts; `rewritten`: the model found them."""

    pieces: tuple[tuple[str, bool], ...]
    way: str = ""
    rewritten: bool = False

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(text for text, _ in self.pieces)

    @property
    def learned(self) -> str:
        """The part that counts."""
        return "".join(text for text, counts in self.pieces if counts)

    @property
    def weighted(self) -> int:
        """Tokens that count."""
        return sum(counts for _, counts in self.pieces)


class Preview(Outcome, frozen=True, kw_only=True):
    """An example as it would be trained on, as text."""

    examples: tuple[Seen, ...] = ()

    @property
    def first(self) -> tuple[Seen, ...]:
        """All of it, as it is asked first."""
        return self.examples if self.parts else self.examples[:1]

    @property
    def manner(self) -> str:
        """How often it is read, in words."""
        count = len(self.examples)
        return f"in {count:,} parts" if self.parts else f"asked in {counted(count, 'way')}"


def preview(store: Store, example: StoredExample, engine: Engine, maker: Maker) -> Preview:
    """What would be trained on of an example, if it is accepted."""
    return read_back(engine, teach(store, example, maker))


def read_back(engine: Engine, taught: Taught) -> Preview:
    """What becomes of an example, as text."""
    rewrites = taught.lesson.rewrites if taught.lesson else ()
    seen = tuple(
        _seen(engine, each, taught.ways.get(each, ""), rewrites) for each in taught.examples
    )
    return Preview(
        example=taught.example,
        left_out=taught.left_out,
        parts=taught.parts,
        examples=seen,
        held_out=taught.held_out,
    )


def _seen(engine: Engine, example: Example, way: str, rewrites: Sequence[str]) -> Seen:
    pieces: Sequence[str] = engine.pieces(example.ids)
    told = tuple(zip(pieces, map(bool, example.weights), strict=True))
    return Seen(told, way, rewritten=way in rewrites)
