"""The MCP servers of the settings: what they offer, calling them from any thread, their end.

A server is started by the first call of one of its tools, and again by the next call after
it ended. What it offers is known from a file (`listing`), so that nothing has to be started
to list it; a server that has never run has to be started once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Coroutine, Mapping
from concurrent.futures import CancelledError, Future, wait
from typing import TYPE_CHECKING, Any, TypeVar

from localai.config import McpSettings
from localai.errors import ToolError
from localai.tools.mcp import listing, offered
from localai.tools.mcp.launch import Launch
from localai.tools.mcp.offered import ServerTool
from localai.tools.outcome import Failed, Outcome, TimedOut
from localai.tools.place import Server
from localai.tools.tool import Tool

if TYPE_CHECKING:
    from localai.tools.mcp.connection import Connection
    from localai.tools.mcp.loop import Loop

START_SECONDS = 15.0
"""For a server to start and list its tools, the import of the SDK included."""
CLOSE_SECONDS = 3.0
SLICE_SECONDS = 0.1
_ENDED = "The MCP servers have been ended."
T = TypeVar("T")


class Stopped(Exception):
    """The caller does not want the answer any more."""


class Servers:
    """The enabled servers. Everything here may be called from any thread."""

    def __init__(self, settings: Mapping[str, McpSettings]) -> None:
        self._launches = {
            name: Launch.by(name, server) for name, server in settings.items() if server.enabled
        }
        self._lock = threading.Lock()
        self._loop: Loop | None = None
        self._closed = False
        self._connections: dict[str, Connection] = {}  # touched on the loop alone

    @property
    def names(self) -> tuple[str, ...]:
        """The servers, in the order of the settings."""
        return tuple(self._launches)

    def tools(self, taken: Collection[str] = ()) -> tuple[ServerTool, ...]:
        """What the servers offer as far as that is known; none has a name in `taken`."""
        return offered.tools(
            (
                (launch, known)
                for launch in self._launches.values()
                if (known := listing.read(launch.name, launch.sha256))
            ),
            taken,
        )

    def unknown(self) -> tuple[str, ...]:
        """The servers of which it is not known what they offer: they have not run yet."""
        return tuple(
            name
            for name, launch in self._launches.items()
            if listing.read(name, launch.sha256) is None
        )

    def notes(self) -> tuple[str, ...]:
        """A sentence on each server of which not everything is offered."""
        found = []
        for name, launch in self._launches.items():
            known = listing.read(name, launch.sha256)
            if known is None:
                found.append(
                    f"What the MCP server {name} offers is not known yet; "
                    "localai tools list --start asks it."
                )
            elif known.left_out:
                found.append(
                    f"Of the tools of the MCP server {name}, {len(known.tools)} are offered; "
                    "the others are too many or too large."
                )
        return tuple(found)

    def start(self, names: Collection[str], stop: threading.Event | None = None) -> tuple[str, ...]:
        """Start servers side by side and learn what they offer; what went wrong, in sentences.

        Takes at most START_SECONDS, and ends soon when `stop` is set.
        """
        wrong, deadline = [], time.monotonic() + START_SECONDS
        try:
            futures = {name: self._submit(self._connected(self._launches[name])) for name in names}
            for name, future in futures.items():
                try:
                    self._wait(future, deadline, stop)
                except TimeoutError:
                    wrong.append(_late(name))
                except ToolError as error:
                    wrong.append(str(error))
        except ToolError as error:
            wrong.append(str(error))
        except Stopped:
            pass
        return tuple(wrong)

    def find(self, name: str, taken: Collection[str] = ()) -> ServerTool | None:
        """The tool of that name; starts the servers that have not run and may have it."""
        found = {tool.name: tool for tool in self.tools(taken)}
        may_have = [each for each in self.unknown() if name.startswith(offered.prefix(each))]
        if name in found or not may_have:
            return found.get(name)
        wrong = self.start(may_have)
        found = {tool.name: tool for tool in self.tools(taken)}
        if name not in found and wrong:
            raise ToolError(wrong[0])
        return found.get(name)

    def call(
        self,
        tool: Tool,
        arguments: Mapping[str, Any],
        stop: threading.Event | None = None,
    ) -> Outcome:
        """Call a tool of `tools`; never raises for anything that the server does.

        Setting `stop` in another thread ends the call within SLICE_SECONDS; the server is
        told and goes on running. After a time-out it is killed.
        """
        began = time.monotonic()
        try:
            assert isinstance(tool, ServerTool)
            return self._called(tool, arguments, stop, began)
        except ToolError as error:
            return Failed(str(error), time.monotonic() - began)
        except Stopped:
            return Failed(f"The call of {tool.name} was stopped.", time.monotonic() - began)
        except TimeoutError as error:
            return TimedOut(str(error), time.monotonic() - began)
        except Exception as error:  # in the SDK: it must not end more than the call
            why = f"The call of {tool.name} failed ({type(error).__name__})."
            return Failed(why, time.monotonic() - began)

    def _called(
        self,
        tool: ServerTool,
        arguments: Mapping[str, Any],
        stop: threading.Event | None,
        began: float,
    ) -> Outcome:
        """The outcome. Raises ToolError, Stopped, or TimeoutError with a sentence."""
        launch = self._launch(tool)
        fitted = tool.check(arguments)
        connected = self._submit(self._connected(launch))
        try:
            connection = self._wait(connected, began + START_SECONDS, stop)
        except TimeoutError:
            raise TimeoutError(_late(launch.name)) from None
        answer = self._submit(connection.call(tool.original, fitted))
        try:
            result = self._wait(answer, time.monotonic() + launch.seconds, stop)
        except TimeoutError:
            connection.kill()
            raise TimeoutError(f"{tool.name} took more than {launch.seconds:g} s.") from None
        from localai.tools.mcp.result import outcome

        return outcome(tool.name, result, time.monotonic() - began)

    def close(self) -> None:
        """End the servers and the thread. Nothing can be called afterwards."""
        with self._lock:
            self._closed, loop, self._loop = True, self._loop, None
        if loop is not None:
            wait([loop.submit(self._leave())], CLOSE_SECONDS)
            for connection in list(self._connections.values()):
                connection.kill()
            loop.close()

    def _launch(self, tool: ServerTool) -> Launch:
        """How the tool's server is started. Raises ToolError when that has changed."""
        assert isinstance(tool.place, Server)
        launch = self._launches.get(tool.place.name)
        if launch is None or launch.sha256 != tool.place.sha256:
            raise ToolError(
                f"The MCP server {tool.place.name} is not the one any more that offered "
                f"{tool.name}; see localai tools list."
            )
        return launch

    async def _connected(self, launch: Launch) -> Connection:
        """The server's connection, opened if there is none. Raises ToolError."""
        try:
            from localai.tools.mcp.connection import Connection  # it imports the SDK
        except ImportError as error:
            raise ToolError(
                f"The MCP server {launch.name} cannot be used: {error}; set localai up again."
            ) from error
        connection = self._connections.get(launch.name)
        if connection is None or connection.over:
            connection = self._connections[launch.name] = Connection(launch)
        await connection.started()
        return connection

    async def _leave(self) -> None:
        import asyncio

        await asyncio.gather(*(each.leave() for each in self._connections.values()))

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        from localai.tools.mcp.loop import Loop  # asyncio, which listing does without

        with self._lock:
            if self._closed:
                work.close()
                raise ToolError(_ENDED)
            if self._loop is None:
                self._loop = Loop()
            return self._loop.submit(work)

    def _wait(self, future: Future[T], deadline: float, stop: threading.Event | None) -> T:
        """The result. Raises TimeoutError, Stopped, or what `future` did."""
        try:
            while not future.done():
                if stop is not None and stop.is_set():
                    raise Stopped
                if (left := deadline - time.monotonic()) <= 0:
                    raise TimeoutError
                # In slices: a Ctrl-C and `stop` are only seen between them.
                wait([future], min(left, SLICE_SECONDS))
            return future.result()
        except CancelledError:
            raise ToolError(_ENDED) from None
        finally:
            future.cancel()


def _late(name: str) -> str:
    return f"The MCP server {name} did not start in {START_SECONDS:g} s."
