"""The processes of a training that run on other machines, and what all of them tell.

Started with ssh, as `mlx.launch` does it, which is of no use here: it keeps a CPU core busy
while it waits, and hears of no sentence. What MLX needs to find the others is in `hosts`,
what each of them does in `peer`.
"""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec

from localai.digest import sha256
from localai.engine.spawn import environment
from localai.errors import EngineError
from localai.sanitize import clean
from localai.tune.checkpoints import CHECKPOINT
from localai.tune.hosts import HERE, Host, Hosts
from localai.tune.plan import LOST, PLAN, Joining, News, Plan, Ready

SSH = ("ssh", "-T", "-oBatchMode=yes", "-oConnectTimeout=15", "-oServerAliveInterval=15", "--")
"""Asks for no password, and ends a minute after the other machine has fallen silent."""

NO_SSH, NO_PROGRAM = 255, (126, 127)
"""Exit codes of ssh, and of a shell on the other machine."""

WORDLESS = (0, LOST, -signal.SIGALRM, 128 + signal.SIGALRM)
"""Exit codes of processes that are through, or that found another one gone."""

AGENT = ("SSH_AUTH_SOCK",)
"""Where ssh finds the user's keys."""

AGAIN = "then `localai tune --resume` with the same other options."
NO_PYTHON = (
    "There is no Python with this version of localai on {} at that path; name it as "
    f'"python" of that host in the hosts file, {AGAIN}'
)
APART = (
    "The machines did not find each other; see that they reach each other at the addresses and "
    f"ports of the hosts file, {AGAIN}"
)
NO_SSH_HERE = f"There is no ssh on this machine; install it, {AGAIN}"

SILENCE_SECONDS = 90
"""How long to wait for the one that is the cause, once a process found one gone."""


decoder: msgspec.json.Decoder[News] = msgspec.json.Decoder(News)

JOINING_SECONDS = 900
"""How long all may take to be ready: each looks for the model's file by its hash."""

LOOK_SECONDS = 0.2
"""Between two looks at the training process."""

Look = Callable[[int], None]
"""Called with the id of a training process again and again; what it raises ends training."""


class Died(Exception):
    """A training process ended before it was done; how."""


class Peers(NamedTuple):
    """The processes on other machines by name, what the one here is called with, and what it
    finds in its environment."""

    processes: Sequence[tuple[str, subprocess.Popen[bytes]]] = ()
    arguments: Sequence[str] = ()
    variables: Mapping[str, str] = {}


@contextmanager
def peers(
    hosts: Hosts | None, folder: Path, pieces: int, variables: Mapping[str, str], log: IO[bytes]
) -> Iterator[Peers]:
    """The processes on the other `hosts`, with these environment variables, told what is in the
    folder, ended with the block. They wait for the one here. None: there are no others.

    Raises EngineError when one cannot be started."""
    if hosts is None:
        yield Peers()
        return
    told, started = _told(folder, pieces), list[tuple[str, subprocess.Popen[bytes]]]()
    try:
        for host in hosts.hosts[1:]:
            started.append((host.ssh, _started(host, variables, log)))
        for rank, (name, process) in enumerate(started, 1):
            joining = Joining(**told, host=name, setting=hosts.setting(rank), backend=hosts.backend)
            _send(process, msgspec.json.encode(joining) + b"\n")
        yield Peers(started, [hosts.backend], hosts.setting(0).placed(folder))
    finally:
        for _, process in started:
            ended(process)


def heard(child: subprocess.Popen[bytes], peers: Peers, look: Look) -> Iterator[News]:
    """What the processes tell until the `child`, the one here, is through, with a `look` at it
    now and then; once all are ready they are told so. Raises Died when one of them ended before,
    EngineError when that one never began."""
    everyone, ready = [("", child), *peers.processes], set[int]()
    begun = lost = False
    last = start = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for name, process in everyone:
            assert process.stdout is not None
            selector.register(process.stdout, selectors.EVENT_READ, (name, process))
        while selector.get_map():
            look(child.pid)
            waiting = selector.select(LOOK_SECONDS)
            last = time.monotonic() if waiting else last
            for key, _ in waiting:
                name, process = key.data
                line = process.stdout.readline()
                if not line:
                    selector.unregister(key.fileobj)
                    code = process.wait()
                    _check(name, code, alone=not peers.processes, ready=process.pid in ready)
                    lost = lost or code != 0
                elif not line.startswith(b"{"):  # a login may greet
                    continue
                elif not isinstance(news := decoder.decode(line), Ready):
                    begun = begun or process is child
                    yield news
                else:
                    ready.add(process.pid)
                    if len(ready) == len(everyone):
                        _all_ready(everyone)
            joining = peers.processes and len(ready) < len(everyone)
            if joining and time.monotonic() - start > JOINING_SECONDS:
                raise EngineError(APART)
            if lost and time.monotonic() - last > SILENCE_SECONDS:
                break
    raise Died("the machines lost each other") if begun else EngineError(APART)


def _all_ready(everyone: Sequence[tuple[str, subprocess.Popen[bytes]]]) -> None:
    for _, process in everyone:
        _send(process, b"\n")


def ended(process: subprocess.Popen[bytes]) -> None:
    """Have it over, whatever it does."""
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def how(code: int) -> str:
    """An exit code in words."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _check(name: str, code: int, *, alone: bool, ready: bool) -> None:
    """Raise what the end of a process is the cause of, if it is one. One that was not `ready`
    and has said nothing found no localai, or another one."""
    if code in WORDLESS and not alone:
        return
    host = clean(name)
    if name not in ("", HERE) and code == NO_SSH:
        raise EngineError(
            f"The connection to {host} failed or broke off; see that `ssh {host} true` works "
            f"without a password, {AGAIN}"
        )
    if name and (code in NO_PROGRAM or (code == 1 and not ready)):
        raise EngineError(NO_PYTHON.format(host))
    raise Died(how(code) + (f" on {host}" if name else ""))


def _told(folder: Path, pieces: int) -> dict[str, Any]:
    """What is sent to every machine alike."""
    written, checkpoint = (folder / PLAN).read_bytes(), folder / CHECKPOINT
    base = Path(msgspec.msgpack.decode(written, type=Plan).base)
    return {
        "plan": written,
        "checkpoint": checkpoint.read_bytes() if checkpoint.exists() else b"",
        "pieces": pieces,
        "nice": max(0, os.getpriority(os.PRIO_PROCESS, 0)),
        "base": sha256(base),
        "base_bytes": base.stat().st_size,
    }


def _started(host: Host, settings: Mapping[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """A process on that machine, by ssh unless it is this one. It may yet fail to begin."""
    variables = environment(os.environ)
    command = [host.python or sys.executable, "-P", "-m", "localai.tune.peer"]
    if host.ssh == HERE:
        variables |= settings
    else:
        told = [f"{name}={value}" for name, value in settings.items()]
        # Not the last command of the shell, so that this tells what ended it.
        script = shlex.join(["env", *told, *command]) + "; exit $?"
        command = [*SSH, host.ssh, shlex.join(["sh", "-c", script])]
        variables |= {name: os.environ[name] for name in AGENT if name in os.environ}
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=variables,
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        raise EngineError(
            NO_PYTHON.format(clean(host.ssh)) if host.ssh == HERE else NO_SSH_HERE
        ) from error


def _send(process: subprocess.Popen[bytes], content: bytes) -> None:
    """Write it all to the process. One that is gone already is found by its exit code."""
    assert process.stdin is not None
    left = memoryview(content)
    with suppress(BrokenPipeError):
        while left:
            left = left[process.stdin.write(left) :]
