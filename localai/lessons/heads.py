"""What was said under the system text that comes with one model, when another learns it.

A conversation keeps the system text that it began with. Where that is the default of a model,
another model learns it under its own, since that is what its conversations begin with. A
text of the user's own stays.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from localai.catalog import Catalog
from localai.catalog.description import Description
from localai.conversation import system
from localai.lessons.lesson import Lesson


def stand_ins(model: Description) -> dict[str, str]:
    """The defaults of all other models that are known -> that of this one, "" for none."""
    others = {entry.description.system for entry in Catalog().list()}
    return dict.fromkeys(others - {"", model.system}, model.system)


def under_own_head(lesson: Lesson, heads: Mapping[str, str]) -> Lesson:
    """The lesson with the system text that stands for its own."""
    first = lesson.context[0] if lesson.context else None
    if first is None or first.role != "system" or first.text not in heads:
        return lesson
    head = heads[first.text]
    return replace(lesson, context=((system(head),) if head else ()) + lesson.context[1:])
