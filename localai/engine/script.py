"""What a `ScriptedEngine` says: one reply, cut into words and told apart as text or reasoning.

Pure. Stop strings and the reasoning budget work as in the real engine, on words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from localai.conversation import Completion, Delta, Event, Finished, FinishReason, Message, Timings
from localai.engine.base import Job, Request, Sampled

Kind = Literal["text", "reasoning", "marker"]

PROMPT_MS, TOKEN_MS = 1.0, 10.0

WORD = r"\s?\w+|\s?[^\w\s]+|\s+"


class Script(msgspec.Struct, frozen=True):
    """One reply. Before token `crash_at` the engine crashes; before token `hold_at` it
    waits until `ScriptedEngine.release` or a cancel. Tokens count from 0."""

    text: str
    crash_at: int | None = None
    hold_at: int | None = None


def said(message: Message) -> str:
    """What stands for a message in the prompt: its text, calls as JSON, results."""
    calls = (f"{call.name} {json.dumps(call.arguments)}" for call in message.calls)
    return "\n".join([message.text, *calls, *(result.text for result in message.results)]).strip()


def spoken(text: str, request: Request) -> Iterator[tuple[str, Kind]]:
    """The words of a reply up to its first stop string, and what each belongs to."""
    for stop in request.stop:
        text = text.partition(stop)[0]
    rule = request.reasoning
    if rule is None:
        yield from ((word, "text") for word in re.findall(WORD, text))
        return
    inside, spent = rule.inside, 0
    markers = (rule.open, rule.close)
    pieces = re.split(f"({'|'.join(map(re.escape, markers))})", text)
    words = [
        word
        for piece in pieces
        for word in ([piece] if piece in markers else re.findall(WORD, piece))
    ]
    cut = False
    for word in words:
        if inside and not cut and rule.budget is not None and spent >= rule.budget:
            cut = True
            yield rule.close, "marker"
        if word in markers:
            inside = word == rule.open
            if not cut:
                yield word, "marker"
            cut = False
        elif not cut:
            spent += inside
            yield word, "reasoning" if inside else "text"


def sampled(job: int, sample: int, asked: Job, events: Iterable[Event]) -> Sampled:
    """The events of one generation as a sample; every token is certain."""
    said = {"text": "", "reasoning": ""}
    done = Completion("stop")
    for event in events:
        if isinstance(event, Delta):
            said[event.kind] += event.text
        elif isinstance(event, Finished):
            done = event.completion
    seed = (asked.request.sampling.seed or 0) + sample
    likely = (0.0,) * len(done.ids) if asked.logprobs else ()
    return Sampled(job, sample, seed, said["text"], said["reasoning"], done, likely)


def completion(
    vocab: str,
    finish: FinishReason,
    prompt: int,
    cached: int,
    generated: tuple[int, ...],
    reasoning: int,
) -> Completion:
    """What was done, with durations as if every token took the same time."""
    prompt_ms = PROMPT_MS * (prompt - cached)
    return Completion(
        finish_reason=finish,
        prompt_tokens=prompt,
        cached_tokens=cached,
        generated_tokens=len(generated),
        reasoning_tokens=reasoning,
        timings=Timings(prompt_ms, prompt_ms + TOKEN_MS, TOKEN_MS * len(generated)),
        ids=generated,
        vocab=vocab,
    )
