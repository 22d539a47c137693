"""How far a tuned model has moved away from its base, on general prompts.

KL(base||tuned) in nats per token, estimated on what the base says: answers are sampled from it at
temperature 1, and of each token its log-probability to the base less that to the tuned model is
an unbiased estimate of the divergence at that place. So single items scatter, below zero, too,
and only the mean over many tells. Base and tuned take turns in two contexts over one model. The
bare model has not moved: its KL is 0, and nothing is sampled for it.

The loss, on answers that we wrote, is that of whatever answers; whether these answers are any
good is not measured.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from localai.chat.prompt import system_text
from localai.conversation import Delta, Finished, Message, assistant, system, user
from localai.engine.base import BARE, Engine, RenderOptions, Request, Sampling, Side
from localai.engine.beside import beside
from localai.evals import written
from localai.evals.likelihood import log_probabilities
from localai.evals.task import Answer, Example, Manner, Measure, Outcome, Place, Pool, Scores, Task

WINDOW = 2048
"""Tokens of the base's context: a system text, a prompt and an answer."""

WHOLE = RenderOptions(generation_prompt=False, thinking=False)
OPEN = RenderOptions(thinking=False)


def examples(place: Place, pool: Pool) -> Sequence[Example]:
    """The prompts, some with an answer of ours; none to train on."""
    found = written.pool("retention", pool)
    pairs = (*found.get("asked", ()), *((prompt, "") for prompt in found.get("prompts", ())))
    return written.mixed(
        Example(
            id=written.named(prompt),
            question=prompt,
            kind="answered" if answer else "open",
            extra={"reference": answer} if answer else {},
        )
        for prompt, answer in pairs
    )


def ask(place: Place, task: Task, examples: Sequence[Example], manner: Manner) -> Iterator[Outcome]:
    """For each prompt what the base says to it, and what it and the reference come to."""
    engine = place.engine
    tuned = bool(engine.load().adapter)
    head = system_text(place.settings, place.entry.description)
    before = (system(head),) if head else ()
    with ExitStack() as stack:
        base = stack.enter_context(beside(engine, BARE, WINDOW)) if tuned else None
        for example in examples:
            talk = (*before, user(example.question))
            answers, scores = tuple[Answer, ...](), Scores(kl=0.0)
            if base is not None:
                answer, prompt = _said(base, talk, _request(manner, example))
                answers, scores = (answer,), _divergence(engine, base, prompt, answer.ids)
            if reference := example.extra.get("reference"):
                scores["loss"] = _loss(engine, (*talk, assistant(reference)))
            yield Outcome(example, answers, scores)


def _request(manner: Manner, example: Example) -> Request:
    """The whole distribution, with a seed of the prompt's own."""
    seed = (manner.seed + zlib.crc32(example.id.encode())) % 2**32
    plain = Sampling(manner.temperature, top_k=0, top_p=1.0, min_p=0.0, seed=seed)
    return Request((), plain, manner.max_tokens)


def _said(base: Side, talk: Sequence[Message], request: Request) -> tuple[Answer, tuple[int, ...]]:
    """What the base says, and the prompt that it says it to."""
    prompt, text = base.render(talk, OPEN).ids, ""
    done = None
    for event in base.generate(Request(prompt, request.sampling, request.max_tokens)):
        if isinstance(event, Delta):
            text += event.text
        elif isinstance(event, Finished):
            done = event.completion
    assert done is not None, "a generation ends with Finished"
    ended = done.finish_reason == "stop"
    ids = done.ids
    return Answer(text=text, raw=text, tokens=len(ids), ended=ended, ids=ids), prompt


def _divergence(
    engine: Engine, base: Side, prompt: tuple[int, ...], ids: tuple[int, ...]
) -> Scores:
    """Nats per token of these ids; nothing where the base said nothing."""
    if not ids:
        return {}
    was, now = (log_probabilities(side, (*prompt, *ids), len(prompt)) for side in (base, engine))
    return {"kl": (sum(was) - sum(now)) / len(ids)}


def _loss(engine: Engine, talk: Sequence[Message]) -> float:
    """Nats per token of what the assistant says in a talk, its end marker included."""
    rendered = engine.render(talk, WHOLE)
    counted = [at for at, weight in enumerate(rendered.weights) if weight]
    likely = log_probabilities(engine, rendered.ids, counted[0])
    return -sum(likely[at - counted[0]] for at in counted) / len(counted)


TASK = Task(
    name="retention",
    about="How far a tuned model has moved away from its base on general prompts.",
    measures=(
        Measure(
            "kl",
            "divergence from the bare model, estimated on what that says at temperature 1",
            "less",
            "nats/token",
        ),
        Measure("loss", "how unlikely our own answers are", "less", "nats/token"),
    ),
    examples=examples,
    manner=Manner(temperature=1.0, max_tokens=64),
    ask=ask,
)
