"""Whether a model asks for a tool where a question needs one, and only there.

Greedy, each question in a conversation of its own, with our own tools that need no
permission. Which tool it asks for, and with which arguments, is not judged here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from localai.chat.open import open_session
from localai.chat.turn import CallFinished
from localai.config import ChatSettings, SamplingSettings, Settings, ToolSettings
from localai.store.store import Store
from scripts.benchmarks.rows import Row, share

NEEDED = (
    "What is 3748 * 291?",
    "What is 17 * 23?",
    "How much is 15% of 80?",
    "Compute (12 + 7) * 31.",
    "What is the square root of 1521?",
    "Add 4821 and 9377.",
    "What is 1000 divided by 16?",
    "What is 2 to the power of 20?",
    "If I buy 14 pens at 3 dollars each, what do I pay?",
    "Subtract 389 from 1204.",
    "Which day of the week is 2026-05-01?",
    "What time is it?",
    "What is today's date?",
    "How many days are there from 2026-01-01 to 2026-03-15?",
    "Which date is 45 days after 2026-02-10?",
)
NOT_NEEDED = (
    "What is the capital of France?",
    "Say hello.",
    "Who wrote Hamlet?",
    "Tell me a joke.",
    "What colour is the sky?",
    "Write one sentence about cats.",
    "What is photosynthesis?",
    "Is water wet?",
    "Give me a synonym for happy.",
    "Translate 'good morning' into Spanish.",
)


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """The shares of both kinds of questions that made the model call a tool."""
    settings = Settings(
        tools=ToolSettings(offer="on"),
        sampling=SamplingSettings(temperature=0),
        chat=ChatSettings(max_tokens=100),
    )
    with Store.memory() as store, closing(open_session(store, settings, model=model)) as session:

        def asked(question: str) -> bool:
            session.conversation = None
            return any(isinstance(event, CallFinished) for event in session.send(question))

        yield [
            share("a question that needs a tool makes it call one", list(map(asked, NEEDED))),
            share("a question that needs none does", list(map(asked, NOT_NEEDED))),
        ]
