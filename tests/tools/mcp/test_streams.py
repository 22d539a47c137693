"""The ends of pipes that the SDK's session reads and writes."""

from __future__ import annotations

import asyncio
import os

import anyio
import pytest
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCNotification

from localai.tools.mcp.pipe import Pipe
from localai.tools.mcp.streams import Incoming, Outgoing

MESSAGE = SessionMessage(JSONRPCNotification(jsonrpc="2.0", method="notifications/initialized"))


def ends() -> tuple[Pipe, Pipe]:
    """A pipe: where it is read, where it is written."""
    read, write = os.pipe()
    return Pipe(os.fdopen(read, "rb", buffering=0)), Pipe(os.fdopen(write, "wb", buffering=0))


async def test_a_pipe_that_always_has_more_lets_others_have_their_turn() -> None:
    descriptor = os.open("/dev/zero", os.O_RDONLY)
    zeros, turns = Pipe(os.fdopen(descriptor, "rb", buffering=0)), 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    for _ in range(100):
        assert await zeros.read()
    task.cancel()
    zeros.close()
    assert turns > 50


async def test_closing_a_pipe_wakes_who_waits_for_it() -> None:
    read, write = ends()
    waits = asyncio.create_task(read.read())
    for _ in range(3):
        await asyncio.sleep(0)
    read.close()
    assert await waits == b""
    with pytest.raises(BrokenPipeError):
        await write.write(b"a")
    write.close()
    with pytest.raises(BrokenPipeError):
        await write.write(b"a")


async def test_a_server_that_does_not_listen_ends_the_exchange() -> None:
    read, write = ends()
    over = anyio.Event()
    outgoing = Outgoing(write, over)
    await outgoing.send(MESSAGE)
    assert await read.read() == b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
    read.close()
    with pytest.raises(anyio.BrokenResourceError):
        await outgoing.send(MESSAGE)
    assert over.is_set()
    write.close()


async def test_messages_arrive_however_they_were_cut() -> None:
    read, write = ends()
    over = anyio.Event()
    incoming = Incoming(read, over)
    lines = b"".join(b'{"jsonrpc":"2.0","id":%d,"result":{}}\n' % number for number in range(3))
    waits = asyncio.create_task(incoming.receive())
    for at in range(0, len(lines), 7):
        await write.write(lines[at : at + 7])
        await asyncio.sleep(0)
    found = [await waits, await incoming.receive(), await incoming.receive()]
    assert [each.message.model_dump()["id"] for each in found] == [0, 1, 2]
    write.close()
    with pytest.raises(anyio.EndOfStream):
        await incoming.receive()
    assert (over.is_set(), incoming.wrong) == (True, "")
    read.close()
