"""What of a conversation goes into the prompt when not all of it fits.

Pure: counting is passed in. Whole turns leave from the oldest end, never the system
text, never half a turn, never the newest turn. When room runs out, enough leaves at
once that the following turns can reuse the KV cache instead of re-reading a prompt
whose beginning moves every time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from localai.conversation import Message, Text, ToolResult
from localai.errors import ContextOverflow

KEEP_SHARE = 0.6
"""Share of the budget that is filled after older turns have left."""

NOT_KNOWN = "This call was interrupted; whether it ran is not known."

LONGEST_TOKEN = 32
"""Bytes of text per token beyond which nothing can be expected to fit."""


def reserve(window: int, max_tokens: int) -> int:
    """Tokens kept free for the answer: what was asked for, else a quarter, at most half."""
    wanted = max_tokens or min(window // 4, 1024)
    return max(1, min(wanted, window // 2))


def turn_starts(messages: Sequence[Message]) -> list[int]:
    """Index of the first message of each turn; a turn begins with a user message."""
    starts = [i for i, message in enumerate(messages) if message.role == "user"]
    return starts if starts and starts[0] == 0 else [0, *starts]


def first_kept(
    messages: Sequence[Message],
    count: Callable[[int], int],
    budget: int,
    previous: int = 0,
) -> int:
    """Index of the first message that stays in the prompt.

    `count(i)` is the prompt's length in tokens when messages[i:] are kept (system text
    and generation prompt included). `previous` is where the last prompt began: it stays
    as long as it fits, unless the window has grown. Raises ContextOverflow when the
    newest turn alone is too long.
    """
    starts = turn_starts(messages)
    start = max((s for s in starts if s <= previous), default=0)
    oldest = _reachable(messages, budget)
    comfortable = int(budget * KEEP_SHARE)
    before = max((s for s in starts if oldest <= s < start), default=None)
    grown = before is not None and count(before) <= comfortable
    if not grown and start >= oldest and count(start) <= budget:
        return start
    candidates = [s for s in starts if s >= (oldest if grown else max(start, oldest))]
    fitting = _first_within(candidates, count, comfortable)
    if fitting is not None:
        return fitting
    length = count(starts[-1])
    if length > budget:
        what, advice = "This message", "shorten it"
        if any(message.results for message in messages[starts[-1] :]):
            what, advice = "This turn, with what its tools brought in,", "ask for less"
        raise ContextOverflow(
            f"{what} makes a prompt of {length} tokens, and {budget} fit beside the answer; "
            f"{advice}, or set a larger context (engine.context in the settings)."
        )
    return starts[-1]


def _first_within(candidates: list[int], count: Callable[[int], int], limit: int) -> int | None:
    """The earliest candidate whose prompt is within the limit, by bisection."""
    low, high = 0, len(candidates)
    while low < high:
        middle = (low + high) // 2
        if count(candidates[middle]) <= limit:
            high = middle
        else:
            low = middle + 1
    return candidates[low] if low < len(candidates) else None


def _reachable(messages: Sequence[Message], budget: int) -> int:
    """Index before which text is too far back to fit, so that it need not be counted."""
    size = 0
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        size += len(message.text) + sum(len(result.text) for result in message.results)
        if size > budget * LONGEST_TOKEN:
            return index + 1
    return 0


def prompt_messages(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages as a template wants them: no empty answers, no two user turns in a row.

    An answer that was stopped before its first word leaves its question unanswered; the
    question is joined with the one that follows. A call without a result gets one that says
    so, as templates expect one.
    """
    result: list[Message] = []
    for message in messages:
        if result and result[-1].calls and message.role != "tool":
            result.append(_without_results(result[-1]))
        if message.role == "assistant" and not message.parts:
            continue
        if message.role == "user" and result and result[-1].role == "user":
            joined = f"{result[-1].text}\n\n{message.text}"
            result[-1] = Message("user", (Text(joined),))
            continue
        result.append(message)
    return tuple(result)


def _without_results(message: Message) -> Message:
    """In the place of results that were lost, with the process that ran the calls."""
    results = (ToolResult(call.id, NOT_KNOWN, ok=False) for call in message.calls)
    return Message("tool", tuple(results))
