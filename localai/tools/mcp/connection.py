"""One running MCP server and the SDK's session with it, on an event loop.

The session offers no capability, so the SDK refuses what a server may ask of a client
(sampling, elicitation, roots). A connection lives in one task and cannot be opened again;
the others wait for it and call through it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import anyio
from mcp import MCPError
from mcp.client.session import ClientSession
from mcp.types import (
    METHOD_NOT_FOUND,
    UNSUPPORTED_PROTOCOL_VERSION,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    Implementation,
    InputRequiredResult,
    PaginatedRequestParams,
)
from pydantic import TypeAdapter, ValidationError

from localai import __version__
from localai.errors import ToolError
from localai.tools.mcp import listing
from localai.tools.mcp.launch import Launch
from localai.tools.mcp.listing import Listing
from localai.tools.mcp.process import ServerProcess, log_file
from localai.tools.mcp.streams import Incoming, Outgoing

START_SECONDS = 10.0
LOG_SECONDS = 0.2
"""For the last of what an ended server wrote; something that it left behind may hold the pipe."""
MOST_PAGES = 64
_Result = CallToolResult | InputRequiredResult
_RESULT: TypeAdapter[_Result] = TypeAdapter(_Result)


class Connection:
    """A server that is being started, is running, or has ended (`over`)."""

    def __init__(self, launch: Launch) -> None:
        """Begin to start it. To be called on the event loop, as are the coroutines."""
        self._launch = launch
        self._process: ServerProcess | None = None
        self._incoming: Incoming | None = None
        self._session: ClientSession | None = None
        self._started, self._over, self._closed = anyio.Event(), anyio.Event(), anyio.Event()
        self._killed, self._failure = False, ""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._hold())

    @property
    def over(self) -> bool:
        """Whether it cannot be called any more."""
        return self._killed or self._over.is_set()

    async def _hold(self) -> None:
        """Start the server, keep it until it is over, and end it. `started` tells what failed."""
        _quiet()
        try:
            process = self._process = ServerProcess(self._launch)
        except ToolError as error:
            self._settle(str(error))
            return
        incoming = self._incoming = Incoming(process.stdout, self._over)
        failure = ""
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(process.keep_log)
                try:
                    failure = await self._talk(process, incoming)
                finally:
                    process.kill()
                    group.cancel_scope.deadline = anyio.current_time() + LOG_SECONDS
        except Exception as error:  # in the SDK's own tasks
            failure = f"it does not keep to the protocol: {_short(error)}"
        finally:
            how = process.end()
            said = f": {words}" if (words := process.last_words()) else ""
            what = incoming.wrong or failure or f"it ended with {how}{said}"
            self._settle(
                f"The MCP server {self._launch.name} does not work ({what}); "
                f"what it wrote on stderr is in {log_file(self._launch.name)}."
            )

    async def _talk(self, process: ServerProcess, incoming: Incoming) -> str:
        """Be connected until it is over; what went wrong, in words, where that is known."""
        session = ClientSession(
            incoming,
            Outgoing(process.stdin, self._over),
            client_info=Implementation(name="localai", version=__version__),
        )
        async with session:
            failure = await self._greet(session)
            if not failure:
                self._session = session
                self._started.set()
                await self._over.wait()
            if failure or incoming.wrong:
                process.kill()
            await process.leave()
        return failure

    async def _greet(self, session: ClientSession) -> str:
        """Agree on the protocol and ask for the tools; what went wrong, or nothing."""
        try:
            with anyio.fail_after(START_SECONDS):
                try:
                    await session.initialize()
                except MCPError as error:
                    if error.code not in (METHOD_NOT_FOUND, UNSUPPORTED_PROTOCOL_VERSION):
                        raise
                    await session.discover()  # it speaks only the protocol after the handshake
                offers = await self._listed(session)
        except TimeoutError:
            return (
                f"it did not answer within {START_SECONDS:g} s of its start; "
                "if its command has to download it first, run that once by hand"
            )
        except MCPError as error:
            return "" if self.over else f"it answered: {_short(error)}"
        except Exception as error:  # of the SDK, on an answer that is none
            return f"it does not keep to the protocol: {_short(error)}"
        if offers != listing.read(self._launch.name, self._launch.sha256):
            listing.write(self._launch.name, offers)
        return ""

    async def _listed(self, session: ClientSession) -> Listing:
        described: list[tuple[str, str, dict[str, Any]]] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor))
            described += [
                (tool.name, tool.description or "", tool.input_schema) for tool in page.tools
            ]
            cursor = page.next_cursor
            if not cursor or len(described) > listing.MOST_TOOLS:
                break
        return listing.made(self._launch.sha256, described, more=1 if cursor else 0)

    async def started(self) -> None:
        """Wait until it can be called. Raises ToolError when it could not be started."""
        await self._started.wait()
        if self.over:
            await self._closed.wait()
            raise ToolError(self._failure)

    async def call(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        """Call a tool by the server's own name for it. Raises ToolError.

        Sent as a plain request: the SDK's `call_tool` would check the result against the
        server's schema of it, whose patterns may take for ever.
        """
        await self.started()
        assert self._session is not None
        assert self._incoming is not None
        self._incoming.unasked = 0
        request = CallToolRequest(params=CallToolRequestParams(name=name, arguments=arguments))
        try:
            result = await self._session.send_request(request, _RESULT)
        except MCPError as error:
            if self.over:
                await self._closed.wait()
                raise ToolError(self._failure) from error
            raise ToolError(f"The MCP server {self._launch.name} says: {_short(error)}.") from error
        except Exception as error:
            raise ToolError(
                f"The MCP server {self._launch.name} gave an answer that is none: {_short(error)}."
            ) from error
        if isinstance(result, InputRequiredResult):
            raise ToolError(f"The tool {name} asks for more input, which cannot be given here.")
        return result

    async def leave(self) -> None:
        """Let the server end by itself, kill it if it does not, and wait for that."""
        if not self._started.is_set():
            self.kill()
        self._over.set()
        await self._closed.wait()

    def kill(self) -> None:
        """End the server now. Thread-safe."""
        self._killed = True
        if self._process is not None:
            self._process.kill()
        with contextlib.suppress(RuntimeError):  # the loop may be closed
            self._loop.call_soon_threadsafe(self._over.set)

    def _settle(self, failure: str) -> None:
        self._failure = failure
        self._over.set()
        self._started.set()
        self._closed.set()


def _quiet() -> None:
    """Keep the SDK's loggers from writing to stderr, as those without a handler do."""
    for name in ("mcp", "client"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _short(error: Exception) -> str:
    """What is wrong, in a few words."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:300]
    lines = str(error).strip().splitlines()
    return lines[0][:300].rstrip(".") if lines else type(error).__name__
