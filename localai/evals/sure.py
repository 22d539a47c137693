"""How sure a model is of an answer: the same prompt sampled again, and how many say the same.

The measure is that of `agreement`. Nothing is stored; the answers beside the given one are only
looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing

import msgspec

from localai.chat import steps
from localai.chat.adapters import prepare
from localai.chat.prompt import reasoning_rule
from localai.chat.session import Session
from localai.conversation import Message
from localai.engine.base import Job, ModelInfo, Request, Sampled, Sampling
from localai.errors import UsageError
from localai.evals.agreement import agreement
from localai.store.rows import StoredMessage, last_question

AGAIN = 5
LONGEST = 512
"""Tokens of an answer that is only looked at, where the settings set no limit."""
TAIL = 16
"""Tokens at a prompt's end among which an opened reasoning block is found."""


class Certainty(msgspec.Struct, frozen=True):
    """What came of asking again: the answer `answer_id` was given `given`; `texts` are the others
    so far of `wanted`, and `groups` of all of them, the given one first, those that say the same,
    the largest group first."""

    answer_id: str
    given: str
    wanted: int
    texts: tuple[str, ...] = ()
    groups: tuple[tuple[int, ...], ...] = ((0,),)

    @property
    def all(self) -> tuple[str, ...]:
        """The given answer and the others."""
        return (self.given, *self.texts)

    @property
    def same(self) -> int:
        """How many say what the given answer says, itself included."""
        return next(len(group) for group in self.groups if 0 in group)

    @property
    def sentence(self) -> str:
        """The agreement in words."""
        return f"{self.same} of {len(self.all)} say the same"


def asked_again(
    session: Session, answer_id: str, n: int = AGAIN, stop: threading.Event | None = None
) -> Generator[Certainty, None, None]:
    """The answer alone, and then with one more at a time. Closing it ends the sampling, and so
    does `stop`, which another thread may set.

    Raises UsageError when what gave the answer is not what answers now.
    """
    answer = session.store.message(answer_id)
    if answer.message.role != "assistant" or answer.message.calls:
        raise UsageError("Only an answer can be asked for again; choose one of the model's.")
    info = _same_model(session, answer)
    question = _question(session, answer)
    yield (now := Certainty(answer.id, answer.message.text, n))
    jobs = [Job(_request(session, info, answer), n)]
    stepwise = answer.origin is not None and answer.origin.style == "steps" and not info.thinking
    with closing(session.engine.sample(jobs, stop)) as samples:
        for sampled in samples:
            texts = (*now.texts, _text(sampled, stepwise=stepwise))
            groups = agreement((now.given, *texts), question).groups
            now = msgspec.structs.replace(now, texts=texts, groups=groups)
            yield now


def _same_model(session: Session, answer: StoredMessage) -> ModelInfo:
    """What is loaded, which is what gave the answer."""
    ready = prepare(session.engine, session.store, session.entry)
    origin = answer.origin
    if origin is None or not origin.prompt:
        raise UsageError("The model did not write this answer; choose one that it wrote.")
    if origin.vocab != ready.info.vocab_hash:
        raise UsageError("This answer came from another model; switch to it and ask again.")
    if origin.adapter != (ready.adapter.id if ready.adapter else ""):
        raise UsageError("Another adapter gave this answer; let it answer again first.")
    return ready.info


def _question(session: Session, answer: StoredMessage) -> str:
    asked = last_question(session.store.path(answer.id))
    return asked.message.text if asked else ""


def _request(session: Session, info: ModelInfo, answer: StoredMessage) -> Request:
    """The same prompt, sampled as the chat does; a greedy chat would only say the same again."""
    assert answer.origin is not None
    used = {name: value for name, value in answer.origin.sampling.items() if name != "seed"}
    sampling = msgspec.convert(used, Sampling)
    if not sampling.temperature:
        default = Sampling().temperature
        sampling = msgspec.structs.replace(sampling, temperature=default)
    end = "".join(session.engine.pieces(answer.origin.prompt[-TAIL:]))
    inside = info.thinking is not None and info.thinking.opened_in(end)
    rule = reasoning_rule(info, None, session.settings.chat.thinking_budget, inside=inside)
    longest = session.settings.chat.max_tokens or LONGEST
    return Request(answer.origin.prompt, sampling, longest, reasoning=rule)


def _text(sampled: Sampled, *, stepwise: bool) -> str:
    """What a reader would see of a sample."""
    if not stepwise:
        return sampled.text
    return Message("assistant", steps.split(sampled.text)).text
