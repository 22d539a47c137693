"""Replay: the bare model's own answers to a broad set of prompts, read along with what is
new so that the rest stays as it was.

Rehearsal with self-made data needs none of the original training set (Robins 1995,
"Catastrophic forgetting, rehearsal and pseudorehearsal"). The answers say where to look;
what is wanted there is the bare model's whole distribution (`sft.loss`). They are greedy
and kept in a file for each model and system text, because making them takes minutes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import msgspec

from localai import paths
from localai.conversation import Finished, Message, assistant, system, user
from localai.engine.base import Engine, RenderOptions, Request, Sampling
from localai.errors import EngineError
from localai.lessons import phrasings
from localai.lessons.maker import WHOLE, Example

LONGEST_ANSWER = 64
"""Tokens of an answer; one that goes on is taught without its end."""

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
    """The model's answers as examples; `base` is its hash, `head` its system text.

    `tell(done, total)` is called while answers are made. The engine must answer without
    an adapter.
    """
    info = engine.load()
    key = "\0".join((base, info.vocab_hash, head, str(LONGEST_ANSWER), *prompts()))
    name = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]
    file = paths.private_dir(paths.home() / "cache") / f"replay-{name}.msgpack"
    if kept := _read(file):
        return kept
    found: list[Example] = []
    before = (system(head),) if head else ()
    for number, prompt in enumerate(prompts()):
        tell(number, len(prompts()))
        found.append(_answer(engine, (*before, user(prompt))))
    _write(file, found)
    return tuple(found)


def _answer(engine: Engine, talk: tuple[Message, ...]) -> Example:
    """One prompt with the model's own answer, which alone counts."""
    ids = engine.render(talk, RenderOptions()).ids
    request = Request(ids, Sampling(temperature=0.0), max_tokens=LONGEST_ANSWER)
    completion = None
    for event in engine.generate(request):
        if isinstance(event, Finished):
            completion = event.completion
    if completion is None:
        raise EngineError("The engine ended an answer without saying how; start the tune again.")
    if completion.finish_reason == "stop":
        said = msgspec.structs.replace(assistant(""), ids=completion.ids, vocab=completion.vocab)
        whole = engine.render((*talk, said), WHOLE)
        if whole.ids[: len(ids) + len(completion.ids)] == (*ids, *completion.ids):
            return Example(whole.ids, whole.weights)
    return Example((*ids, *completion.ids), (0.0,) * len(ids) + (1.0,) * len(completion.ids))


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
