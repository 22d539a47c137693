"""Lessons for tests, without a store."""

from __future__ import annotations

from localai.conversation import Message
from localai.tune.dataset import Lesson


def lesson(
    chosen: str,
    *,
    question: str = "What is the name of my cat?",
    rejected: str = "I do not know your cat.",
    context: tuple[Message, ...] = (),
) -> Lesson:
    """A correction as the job reads it."""
    return Lesson("c1", context, question, rejected, chosen)
