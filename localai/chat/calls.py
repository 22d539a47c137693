"""Runs what a message asks for: consent first, one after the other; then the calls side by
side; results in the order of the calls. A call that cannot run has a result, too."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

import msgspec

from localai.chat.consent import Consent
from localai.chat.turn import CallFinished, CallStarted
from localai.conversation import Message, ToolCall, ToolResult
from localai.errors import ArgumentsError
from localai.tools.outcome import Ok
from localai.tools.toolbox import Toolbox

SIDE_BY_SIDE = 4

TOO_MANY = "No more calls are possible in this turn; answer with what you have."
STOPPED = "The user stopped before this call."

CallEvent = CallStarted | CallFinished


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
    """The calls of one message of a conversation. Setting `stop` ends what runs, soon."""

    def __init__(
        self,
        calls: Sequence[ToolCall],
        toolbox: Toolbox,
        consent: Consent,
        stop: threading.Event,
        conversation: str,
    ) -> None:
        self._calls, self._toolbox, self._consent = calls, toolbox, consent
        self._stop, self._conversation = stop, conversation
        self._results: dict[str, ToolResult] = {}

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """A result for each call, in their order; those that were not come to say so."""
        return tuple(
            self._results.get(call.id, ToolResult(call.id, STOPPED, ok=False))
            for call in self._calls
        )

    def run(self, *, most: int, tainted: bool) -> Generator[CallEvent, None, None]:
        """Run the first `most` calls.

        `tainted`: what somebody else wrote is in the prompt. However this ends, nothing runs
        afterwards, and `results` has what came of the calls.
        """
        agreed: list[ToolCall] = []
        for number, call in enumerate(self._calls):
            why = TOO_MANY if number >= most else self._refusal(call, tainted)
            if why is None:
                agreed.append(call)
                continue
            self._results[call.id] = ToolResult(call.id, why, ok=False)
            yield CallFinished(call, self._results[call.id])
        yield from self._side_by_side(agreed)

    def _refusal(self, call: ToolCall, tainted: bool) -> str | None:
        """Why a call cannot run; asks the user if need be."""
        tool = self._toolbox.tools.get(call.name)
        if tool is None:
            there = ", ".join(self._toolbox.tools)
            return f"There is no tool {call.name!r}; there are: {there}."
        if self._stop.is_set():
            return STOPPED
        try:
            tool.check(call.arguments)
        except ArgumentsError as error:
            return str(error)
        return self._consent.refusal(tool, call, tainted=tainted)

    def _side_by_side(self, calls: Sequence[ToolCall]) -> Generator[CallEvent, None, None]:
        waiting: dict[Future[ToolResult], ToolCall] = {}
        try:
            with ThreadPoolExecutor(SIDE_BY_SIDE, "localai-tool") as workers:
                try:
                    waiting.update((workers.submit(self._result, call), call) for call in calls)
                    yield from map(CallStarted, calls)
                    for future in as_completed(waiting):
                        yield CallFinished(waiting[future], future.result())
                except BaseException:  # whoever listens has gone: nothing goes on for nobody
                    self._stop.set()
                    raise
        finally:
            for future, call in waiting.items():
                self._results[call.id] = future.result()

    def _result(self, call: ToolCall) -> ToolResult:
        """Call the tool. Never raises."""
        if self._stop.is_set():
            return ToolResult(call.id, STOPPED, ok=False)
        untrusted = self._toolbox.tools[call.name].untrusted
        try:
            outcome = self._toolbox.call(call.name, call.arguments, self._stop, self._conversation)
        except Exception as error:  # of ours, or of the system's: it must not end the turn
            why = f"The call of {call.name} failed ({type(error).__name__})."
            return ToolResult(call.id, why, ok=False, untrusted=untrusted)
        ok = isinstance(outcome, Ok)
        return ToolResult(call.id, outcome.text, ok, outcome.seconds, untrusted)
