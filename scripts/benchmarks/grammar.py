"""Tool calls held to their grammar: decode speed against free decoding of the same model.

All run through the same engine process, one after the other, from the same prompts, which
end with the opening of a call. A constrained answer is a call; a free one is whatever the
model writes, up to the same length.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from localai.conversation import Finished, user
from localai.engine.base import LoadOptions, RenderOptions, Request, Sampling
from localai.engine.process import EngineProcess
from localai.tools import registry
from localai.tools.grammar.formats import constraints
from scripts.benchmarks.rows import Row, paired

N_CTX = 4096
TOKENS = 64
CALLS = 8
"""Calls a round."""

QUESTIONS = (
    "What is 12 * 7? Use the calculator.",
    "How many days are there between 2024-02-29 and 2025-01-01?",
    "Read the file notes.txt, from its third line.",
    "What does https://example.org say?",
)


def speed(engine: EngineProcess, requests: list[Request]) -> float:
    """Tokens/s over all of these, from the end of each prompt on."""
    tokens, seconds = 0, 0.0
    for request in requests:
        for event in engine.generate(request):
            if isinstance(event, Finished):
                spent = event.completion.timings
                tokens += event.completion.generated_tokens
                seconds += spent.first_token_ms + spent.generate_ms - spent.prompt_ms
    return 1000 * tokens / seconds


def asked(engine: EngineProcess, format: str, round_: int) -> list[list[Request]]:
    """Requests for calls in this format: held to the grammar, free, and free with an eye on
    the openings."""
    tools = {tool.name: tool.parameters for tool in map(registry.builtin, registry.BUILTIN)}
    made = constraints(format, tools)
    given = (msgspec.structs.replace(made[0], open="", where="start"),)
    held: list[Request] = []
    for call in range(CALLS):
        prompt = [user(QUESTIONS[call % len(QUESTIONS)])]
        ids = engine.render(prompt, RenderOptions(prefill=made[0].open)).ids
        # The call ends the answer, so that only calls are measured.
        stop = ("</tool_call>",) if format == "hermes" else ("\n",)
        sampling = Sampling(seed=CALLS * round_ + call)
        held.append(Request(ids, sampling, TOKENS, stop, constraints=given))
    free = [msgspec.structs.replace(each, constraints=(), stop=()) for each in held]
    watched = [msgspec.structs.replace(each, constraints=made) for each in free]
    return [held, free, watched]


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Decode speed within calls and outside of them, for the format of most models and for
    our own, against decoding without constraints."""
    found = []
    with EngineProcess(LoadOptions(model, n_ctx=N_CTX)) as engine:
        for format in ("hermes", "inline"):
            rates: list[list[float]] = []
            for round_ in range(rounds + 1):
                rates.append([speed(engine, each) for each in asked(engine, format, round_)])
            held, free, watched = zip(*rates[1:], strict=True)  # the first one warms up
            name = f"decode, {format} calls"
            found.append(paired(f"{name} held / free", "tokens/s", held, free, bar=0.8))
            found.append(paired(f"{name} watched for / free", "tokens/s", watched, free, bar=0.95))
    yield found
