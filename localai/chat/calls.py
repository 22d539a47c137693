"""Runs what a message asks for: consent first, one after the other; then the calls side by
side; results in the order of the calls. A call that cannot run has a result, too."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

import msgspec

from localai.chat.consent import Consent
from localai.chat.turn import CallFinished, CallStarted
from localai.conversation import Message, ToolCall, ToolResult
from localai.tools.outcome import Ok
from localai.tools.toolbox import Toolbox

SIDE_BY_SIDE = 4
LEAST = 500
"""Characters that are kept of any result."""

TOO_MANY = "No more calls are possible in this turn; answer with what you have."

CallEvent = CallStarted | CallFinished
Running = Generator[CallEvent, None, tuple[ToolResult, ...]]


def numbered(call: ToolCall, earlier: Sequence[ToolCall]) -> ToolCall:
    """The call with an id that no earlier one has: its own, or nine characters, the form that
    every template takes."""
    taken = {other.id for other in earlier}
    if call.id and call.id not in taken:
        return call
    count = len(earlier) + 1
    while (id := f"call{count:05d}") in taken:
        count += 1
    return msgspec.structs.replace(call, id=id)


def tainted(messages: Sequence[Message]) -> bool:
    """Whether text of somebody else's has come in by a tool."""
    return any(result.untrusted for message in messages for result in message.results)


class Calls:
    """Runs the calls of one turn of a conversation. Setting `stop` ends what runs, soon."""

    def __init__(
        self, toolbox: Toolbox, consent: Consent, stop: threading.Event, conversation: str
    ) -> None:
        self._toolbox, self._consent, self._stop = toolbox, consent, stop
        self._conversation = conversation

    def run(self, calls: Sequence[ToolCall], *, most: int, room: int, tainted: bool) -> Running:
        """Run the first `most` calls; all results, each cut to its share of `room` characters.

        `tainted`: what somebody else wrote is in the prompt.
        """
        results: dict[str, ToolResult] = {}
        share = max(LEAST, room // max(1, len(calls)))
        agreed: list[ToolCall] = []
        for number, call in enumerate(calls):
            why = TOO_MANY if number >= most else self._refusal(call, tainted)
            if why is None:
                agreed.append(call)
                continue
            results[call.id] = ToolResult(call.id, why, ok=False)
            yield CallFinished(call, results[call.id])
        for done in self._side_by_side(agreed, share):
            if isinstance(done, CallFinished):
                results[done.call.id] = done.result
            yield done
        return tuple(results[call.id] for call in calls)

    def _refusal(self, call: ToolCall, tainted: bool) -> str | None:
        """Why a call cannot run; asks the user if need be."""
        tool = self._toolbox.tools.get(call.name)
        if tool is None:
            there = ", ".join(self._toolbox.tools)
            return f"There is no tool {call.name!r}; there are: {there}."
        if self._stop.is_set():
            return "The user stopped before this call."
        return self._consent.refusal(tool, call, tainted=tainted)

    def _side_by_side(self, calls: Sequence[ToolCall], share: int) -> Generator[CallEvent]:
        with ThreadPoolExecutor(SIDE_BY_SIDE, "localai-tool") as workers:
            try:
                waiting = {workers.submit(self._result, call, share): call for call in calls}
                yield from map(CallStarted, calls)
                for future in as_completed(waiting):
                    yield CallFinished(waiting[future], future.result())
            except BaseException:  # whoever listens has gone: nothing may go on for nobody
                self._stop.set()
                raise

    def _result(self, call: ToolCall, share: int) -> ToolResult:
        outcome = self._toolbox.call(call.name, call.arguments, self._stop, self._conversation)
        return ToolResult(
            call.id,
            _cut(outcome.text, share),
            ok=isinstance(outcome, Ok),
            seconds=outcome.seconds,
            untrusted=self._toolbox.tools[call.name].untrusted,
        )


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[:most]}\n[{len(text) - most:,} more characters do not fit.]"
