"""What makes data sets to learn from, by name. Each is imported when it is used.

A module has `make(place, n, tell)`: up to n dialogues, each with its source, of the training
pool of a task. The bare model answers where its own answers are wanted; `tell(done, total)`
hears how far it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from localai.conversation import Message
from localai.errors import UsageError
from localai.store.tuning import Source

if TYPE_CHECKING:
    from localai.evals.task import Place

MOST = 600
"""Examples in a set, if nobody says otherwise."""

Tell = Callable[[int, int], None]
Made = tuple[tuple[Message, ...], Source]

MAKERS: dict[str, str] = {
    "abstention": "abstention",
    "tools": "tools",
    "reasoning": "reasoning",
}
"""Name to the module in this package that makes it."""


class Make(Protocol):
    """How a data set is made."""

    def __call__(self, place: Place, n: int, tell: Tell) -> Sequence[Made]:
        """Up to n dialogues."""
        ...


def find(name: str) -> Make:
    """What makes the data set of that name. Raises UsageError."""
    if name not in MAKERS:
        raise UsageError(f"No data set {name!r} can be made; there are: {', '.join(MAKERS)}.")
    make: Make = import_module(f"localai.evals.making.{MAKERS[name]}").make
    return make


def remarks(name: str, place: Place) -> tuple[str, ...]:
    """What there is to say beside it when the data set of that name is made there."""
    module = import_module(f"localai.evals.making.{MAKERS[name]}")
    said: Callable[[Place], Iterable[str]] = getattr(module, "remarks", lambda place: ())
    return tuple(said(place))
