"""The data sets that a tune makes for itself before it learns them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from localai.evals import making
from localai.lessons.sets import named
from localai.store.store import Store
from localai.store.tuning import Progress
from localai.tune.serving import Serving

Tell = Callable[[Progress], None]


def missing(store: Store, name: str) -> list[str]:
    """The data sets of the name that can be made and are not there."""
    made = (each for each in named(name) if each in making.MAKERS)
    return [each for each in made if not store.examples(name=each, limit=1)]


def complete(store: Store, serving: Serving, name: str, tell: Tell) -> None:
    """Make what is missing. Nothing of what is there changes, whatever became of it."""
    for each in missing(store, name):
        with serving.place() as place:
            stage = f"making the data set {each}"
            tell(Progress(stage))
            counted = partial(_counted, tell, stage)
            store.replace_set(each, making.find(each)(place, making.MOST, counted), serving.head)


def _counted(tell: Tell, stage: str, done: int, total: int) -> None:
    tell(Progress(stage, done, total))
