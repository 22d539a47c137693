"""Asks questions side by side, runs the calls in the answers, and asks on with the results.

As in a chat: the same system text, offer of tools, styles and reading of the answer; but all
questions go to the sampler at once, and nothing is stored. Calls that need a user's consent are
refused, whatever was allowed in chats, as nobody is there to ask. Greedy answers are the same
each time: each has a cache by itself (decision 14), so that none depends on what runs beside it.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean

import msgspec

from localai.chat import steps
from localai.chat.calls import Calls, numbered, tainted
from localai.chat.consent import Consent
from localai.chat.context import prompt_messages, reserve
from localai.chat.fitting import fitted
from localai.chat.offer import Offer, heading, offer, wanted
from localai.chat.prompt import reasoning_rule, system_text
from localai.chat.reading import Reader
from localai.conversation import (
    Delta,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    system,
    user,
)
from localai.engine.base import (
    Job,
    ModelInfo,
    Rendered,
    RenderOptions,
    Request,
    Sampled,
    Sampling,
)
from localai.errors import ContextOverflow
from localai.evals.task import Answer, Called, Example, Manner, Outcome, Place, Task

ROUNDS = 3
"""How often a model may call before it has to answer."""


THINKING_TOKENS = 1200
"""Most tokens of an answer by a model that thinks before it answers, where others need few."""


def roomy(manner: Manner, info: ModelInfo) -> Manner:
    """The manner, with room for the thoughts of a model that has any."""
    if info.thinking is None:
        return manner
    return msgspec.structs.replace(manner, max_tokens=max(THINKING_TOKENS, manner.max_tokens))


class Pending(msgspec.Struct, frozen=True):
    """An answer on its way: to question number `at`, as sample `sample` (-1: as all of them),
    after these messages."""

    at: int
    sample: int
    talk: tuple[Message, ...]
    calls: tuple[Called, ...] = ()
    tokens: int = 0
    rounds: int = 0


def ask(place: Place, task: Task, examples: Sequence[Example], manner: Manner) -> Iterator[Outcome]:
    """The questions with their scored answers, in the order in which they are through."""
    asker = Asker(place, manner, tools=task.tools)
    found = defaultdict[int, dict[int, Answer]](dict)
    for at, sample, answer in asker.answers(examples):
        found[at][sample] = answer
        if len(found[at]) == manner.samples:
            answers = tuple(answer for _, answer in sorted(found.pop(at).items()))
            yield Outcome(examples[at], answers, task.score(examples[at], answers))


class Asked(msgspec.Struct, frozen=True):
    """What the sampler is asked for, with the prompt that it goes on from."""

    job: Job
    prompt: Rendered


class Said(msgspec.Struct, frozen=True):
    """An answer to question number `at` with the last prompt that led to it and what was sampled
    then."""

    at: int
    sample: int
    answer: Answer
    asked: Asked
    sampled: Sampled

    @property
    def likely(self) -> float:
        """The mean log-probability of a token of the last message, in nats, where asked for."""
        return fmean(self.sampled.logprobs) if self.sampled.logprobs else 0.0


class Asker:
    """Asks in one manner. `logprobs`: has the sampler tell how likely each token was."""

    def __init__(
        self, place: Place, manner: Manner, *, tools: bool, logprobs: bool = False
    ) -> None:
        self._place, self._manner, self._logprobs = place, manner, logprobs
        self._info = place.engine.load()
        self._offer = self._offered(self._info) if tools else None
        self._stepwise = manner.style == "steps" and not self._info.thinking

    def answers(self, examples: Sequence[Example]) -> Iterator[tuple[int, int, Answer]]:
        """Number of the question, number of the sample, and the answer, as they come. Raises
        ContextOverflow, before anything is asked, for a question that is too long."""
        for each in self.said(examples):
            yield each.at, each.sample, each.answer

    def said(self, examples: Sequence[Example], counts: Sequence[int] = ()) -> Iterator[Said]:
        """The same with what was sampled for each; so many samples of each question (none given:
        as the manner says)."""
        talks = [(*map(_brought, each.context), user(each.question)) for each in examples]
        waiting = [Pending(at, -1, talk) for at, talk in enumerate(talks)]
        samples = counts or [self._manner.samples] * len(talks)
        while waiting:
            asked = [
                self._asked(each, 1 if each.sample >= 0 else samples[each.at]) for each in waiting
            ]
            for each, one in zip(waiting, asked, strict=True):
                self._check(one.job, examples[each.at])
            later = list[Pending]()
            for sampled in self._place.engine.sample([one.job for one in asked]):
                of, one = waiting[sampled.job], asked[sampled.job]
                of = msgspec.structs.replace(of, sample=sampled.sample) if of.sample < 0 else of
                then = self._read(of, one, sampled)
                if isinstance(then, Pending):
                    later.append(then)
                else:
                    yield Said(of.at, of.sample, then, one, sampled)
            # In an order that time has no part in: what is read together rounds alike.
            waiting = sorted(later, key=lambda each: (each.at, each.sample))

    def _offered(self, info: ModelInfo) -> Offer | None:
        described, wish = self._place.entry.description.tool_format, self._place.settings.tools
        if not wanted(info, described, wish.offer):
            return None
        return offer(tuple(self._place.toolbox.tools.values()), info, described)

    def _check(self, job: Job, example: Example) -> None:
        """Raise ContextOverflow, naming the question, where its prompt leaves no room."""
        length, window = len(job.request.ids), self._info.n_ctx
        if length >= window:
            raise ContextOverflow(
                f"The question {example.id} makes a prompt of {length} tokens, and the context "
                f"window has {window}; shorten it, or set a larger context (engine.context in the "
                "settings)."
            )

    def _asked(self, pending: Pending, samples: int) -> Asked:
        """What the sampler is asked for."""
        manner, made, info = self._manner, self._offer, self._info
        talk = list(pending.talk)
        if self._stepwise:
            talk = steps.instructed(talk, steps.STEPS)
        own = system_text(self._place.settings, self._place.entry.description)
        if head := heading(own, made):
            talk = _headed(talk, head, made)
        thinking = True if manner.style == "steps" and info.thinking else manner.thinking
        schemas = made.schemas if made else ()
        rendered = self._place.engine.render(
            prompt_messages(talk), RenderOptions(thinking=thinking, tools=schemas)
        )
        request = Request(
            rendered.ids,
            Sampling(temperature=manner.temperature, seed=manner.seed + max(0, pending.sample)),
            manner.max_tokens,
            visible=made.visible if made else (),
            reasoning=reasoning_rule(info, made, manner.budget, inside=rendered.in_reasoning),
            constraints=made.constraints if made and self._place.settings.tools.grammar else (),
        )
        job = Job(request, samples, logprobs=self._logprobs)
        return Asked(job, rendered)

    def _read(self, pending: Pending, asked: Asked, sampled: Sampled) -> Answer | Pending:
        """The answer; or, if it calls, what is asked next."""
        reader = Reader(self._offer, inside=asked.prompt.in_reasoning, most=1)
        done, calls = sampled.completion, list[ToolCall]()
        earlier = [call for message in pending.talk for call in message.calls]
        told = {"reasoning": sampled.reasoning, "text": ""}
        for piece in (*reader.feed(Delta(sampled.text, "text", 0)), *reader.end()):
            if isinstance(piece, ToolCall):
                calls.append(numbered(piece, (*earlier, *calls)))
            else:
                told[piece.kind] += piece.text
        if reader.enough:
            done = reader.kept(done, self._place.engine.pieces(done.ids))
        tokens = pending.tokens + len(done.ids)
        parts = self._parts(told["text"], told["reasoning"])
        if not calls or pending.rounds >= ROUNDS:
            said = Message("assistant", parts)
            return Answer(
                text=said.text,
                raw=sampled.text,
                reasoning=said.reasoning,
                tokens=tokens,
                ended=done.finish_reason == "stop",
                calls=pending.calls,
                ids=done.ids,
            )
        said = Message("assistant", (*parts, *calls), ids=done.ids, vocab=done.vocab)
        used = len(asked.prompt.ids) + len(done.ids)
        results, called = self._run(calls, pending.talk, used)
        return msgspec.structs.replace(
            pending,
            talk=(*pending.talk, said, results),
            calls=(*pending.calls, *called),
            tokens=tokens,
            rounds=pending.rounds + 1,
        )

    def _parts(self, text: str, reasoning: str) -> tuple[Part, ...]:
        if self._stepwise:
            return steps.split(text)
        found: tuple[Part, ...] = (Reasoning(reasoning),) if reasoning else ()
        return (*found, Text(text)) if text else found

    def _run(
        self, calls: Sequence[ToolCall], talk: Sequence[Message], used: int
    ) -> tuple[Message, tuple[Called, ...]]:
        """The message with the results, in what room is left of the window, of which so many
        tokens are used; and the calls as they went."""
        engine, window = self._place.engine, self._info.n_ctx
        consent = Consent(self._place.store, "", standing=False)
        run = Calls(calls, self._place.toolbox, consent, threading.Event(), "")
        for _ in run.run(most=len(calls), tainted=tainted(talk)):
            pass
        left = window - reserve(window, self._manner.max_tokens) - used
        results = fitted(run.results, left, lambda text: len(engine.tokenize(text)))
        pairs = zip(calls, results, strict=True)
        called = tuple(Called(call.name, call.arguments, it.text, it.ok) for call, it in pairs)
        return Message("tool", results), called


def _brought(message: Message) -> Message:
    """A message of the question, which nothing is learned of."""
    return msgspec.structs.replace(message, learn=False)


def _headed(talk: Sequence[Message], head: str, made: Offer | None) -> list[Message]:
    """The talk under a system text; one of its own stands in its place."""
    if talk[0].role == "system":
        return [system(heading(talk[0].text, made)), *talk[1:]]
    return [system(head), *talk]
