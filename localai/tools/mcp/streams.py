"""A server's pipes as the SDK's session reads and writes them: one JSON-RPC message a line.

The SDK brings a transport of its own, which keeps a line in memory however long it is and
runs a server with more of our environment; this one has limits. Text between the messages
is skipped, as servers do print, but not without end. `over` is set when no more messages
can be exchanged.
"""

from __future__ import annotations

from types import TracebackType
from typing import NoReturn, Self

import anyio
import anyio.lowlevel
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCNotification, jsonrpc_message_adapter

from localai.tools.mcp.pipe import Pipe

MOST_LINE = 8 << 20
MOST_UNASKED = 10_000
"""Lines of any kind that come while the server is asked nothing new."""


class Direction:
    """One way of the two, which the SDK's session opens and closes."""

    async def aclose(self) -> None:
        """Nothing more goes this way."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


class Incoming(Direction):
    """What the server says. Notifications end here: nothing listens to them."""

    def __init__(self, pipe: Pipe, over: anyio.Event) -> None:
        self._pipe, self._over = pipe, over
        self._buffer, self._searched = bytearray(), 0
        self.unasked = 0
        """Lines since the server was last asked something."""
        self.wrong = ""
        """What the server did wrong, once `over` is set; empty where it just ended."""

    async def receive(self) -> SessionMessage:
        """The next message. Raises EndOfStream."""
        while True:
            line = await self._line()
            self.unasked += 1
            if self.unasked > MOST_UNASKED:
                self._end("it says far more than it is asked")
            try:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError:
                message = None
            await anyio.lowlevel.checkpoint()  # many short lines must not keep the loop
            if message is not None and not isinstance(message, JSONRPCNotification):
                return SessionMessage(message)

    async def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n", self._searched)) < 0:
            self._searched = len(self._buffer)
            if self._searched > MOST_LINE:
                self._end(f"it sent a line longer than {MOST_LINE >> 20} MB")
            data = await self._pipe.read()
            if not data:
                self._end("")
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        return line

    def _end(self, wrong: str) -> NoReturn:
        self.wrong = wrong
        self._over.set()
        self._buffer.clear()
        raise anyio.EndOfStream

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None


class Outgoing(Direction):
    """What the server is told. After a message that was cut off, nothing more can be."""

    def __init__(self, pipe: Pipe, over: anyio.Event) -> None:
        self._pipe, self._over, self._turn = pipe, over, anyio.Lock()

    async def send(self, item: SessionMessage, /) -> None:
        """Write a message. Raises BrokenResourceError when the server cannot be reached."""
        text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        async with self._turn:
            if self._over.is_set():
                raise anyio.BrokenResourceError
            try:
                await self._pipe.write(text.encode() + b"\n")
            except OSError as error:
                self._over.set()
                raise anyio.BrokenResourceError from error
            except BaseException:
                self._over.set()
                raise
