"""Replay: the bare model's own answers to a broad set of prompts, read along with what is
new so that the rest stays as it was.

Rehearsal with self-made data needs none of the original training set (Robins 1995,
"Catastrophic forgetting, rehearsal and pseudorehearsal"). The answers say where to look;
what is wanted there is the bare model's whole distribution (`sft.loss`). They are greedy
and kept in a file for each model and system text, because making them takes minutes. A model
without a chat template has no answers worth keeping: how it goes on with a text is what it has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

import msgspec

from localai import paths
from localai.conversation import Completion, Message, system, user
from localai.engine.base import Engine, Job, Rendered, RenderOptions, Request, Sampling
from localai.lessons import phrasings, sampled
from localai.lessons.maker import Example

LONGEST_ANSWER = 64
"""Tokens of an answer; one that goes on is taught without its end."""

MADE = "3"
"""How examples are made of answers; another number when that changes, so that all are made anew."""

Tell = Callable[[int, int], None]


def prompts() -> tuple[str, ...]:
    """The product's own replay prompts, put in the ways that corrections are trained in, a
    different one each time: those ways alone shall mean nothing."""
    text = resources.files("localai.tune").joinpath("data/replay.txt").read_text("utf-8")
    lines = (line.strip() for line in text.splitlines())
    plain = [line for line in lines if line and not line.startswith("#")]
    ways = map(phrasings.training, plain)
    return tuple(way[number % len(way)] for number, way in enumerate(ways))


def examples(engine: Engine, base: str, head: str, tell: Tell) -> tuple[Example, ...]:
    """The model's answers as examples, or its way to go on with the prompts as plain text;
    `base` is its hash, `head` its system text.

    `tell(done, total)` is called while answers are made. The engine must answer without
    an adapter.
    """
    info = engine.load()
    key = "\0".join(
        (base, info.vocab_hash, info.template, head, str(LONGEST_ANSWER), MADE, *prompts())
    )
    name = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]
    file = paths.private_dir(paths.home() / "cache") / f"replay-{name}.msgpack"
    if kept := _read(file):
        return kept
    if info.template_source == "fallback":
        found = _texts(engine, tell)
    else:
        before = (system(head),) if head else ()
        found = _answers(engine, [(*before, user(prompt)) for prompt in prompts()], tell)
    _write(file, found)
    return tuple(found)


def _texts(engine: Engine, tell: Tell) -> list[Example]:
    """Each prompt as plain text, with what comes next."""
    asked = [_plain(engine.tokenize(prompt)) for prompt in prompts()]
    pairs = zip(asked, _completions(engine, asked, tell), strict=True)
    return [sampled.whole(prompt, said.ids) for prompt, said in pairs if said.ids]


def _plain(ids: tuple[int, ...]) -> Rendered:
    return Rendered(ids, (0.0,) * len(ids))


def _answers(engine: Engine, talks: Sequence[tuple[Message, ...]], tell: Tell) -> list[Example]:
    """Each talk with the model's own answer to it, its end marker included if it came to it."""
    asked = [engine.render(talk, RenderOptions()) for talk in talks]
    end = sampled.end_marker(engine)
    return [
        sampled.whole(prompt, said.ids, end if said.finish_reason == "stop" else ())
        for prompt, said in zip(asked, _completions(engine, asked, tell), strict=True)
    ]


def _completions(engine: Engine, asked: Sequence[Rendered], tell: Tell) -> list[Completion]:
    """How the model goes on with each; they are made side by side."""
    greedy = Sampling(temperature=0.0)
    jobs = [Job(Request(each.ids, greedy, max_tokens=LONGEST_ANSWER)) for each in asked]
    found = dict[int, Completion]()
    tell(0, len(jobs))
    for each in engine.sample(jobs):
        found[each.job] = each.completion
        if len(found) < len(jobs):
            tell(len(found), len(jobs))
    return [found[at] for at in range(len(jobs))]


def _read(file: Path) -> tuple[Example, ...]:
    """What was kept; nothing when there is none or it cannot be read."""
    try:
        return msgspec.msgpack.decode(file.read_bytes(), type=tuple[Example, ...])
    except (OSError, msgspec.MsgspecError):
        return ()


def _write(file: Path, examples: list[Example]) -> None:
    temporary = file.with_suffix(".tmp")
    temporary.write_bytes(msgspec.msgpack.encode(examples))
    temporary.replace(file)
