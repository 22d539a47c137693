"""A training by two processes on this machine, and the same training by one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import gguf
import numpy as np

from localai.tune import training
from localai.tune.hosts import HERE, Host, Hosts
from localai.tune.plan import ADAPTER, Again, Options, Plan, Step
from tests.tune.tiny_examples import example

BELOW = 32_000
"""Where ports begin, downwards; Linux gives those from 32,768 on to whoever connects."""

OPTIONS = Options(rank=4, learning_rate=5e-3, warmup=2, epochs=4, tokens=128, replay=0.4)


def pair(ssh: str = HERE) -> Hosts:
    """Two processes here; `ssh`: the name of the second one's host."""
    return Hosts((Host(HERE, (HERE,)), Host(ssh, (HERE,))), port=free(2))


def plan(base: Path, options: Options = OPTIONS, held: int = 0) -> Plan:
    """Texts of different lengths, new and recalled, and so many that are held out."""
    own = tuple(example(seed, 20 + 3 * seed) for seed in range(1, 8))
    replay = tuple(example(seed, 50 - 2 * seed) for seed in range(10, 16))
    held_out = tuple(example(seed) for seed in range(1000, 1000 + held))
    return Plan(str(base), options, own, replay, (*own[:2], *replay[:2]), held_out)


def trained(folder: Path, plan: Plan, hosts: Hosts | None = None) -> list[Step]:
    """The steps; what else was told is no step."""
    news = list[Step | Again]()
    folder.mkdir(exist_ok=True)
    training.train(folder, plan, news.append, hosts)
    assert not [each for each in news if isinstance(each, Again)]
    return [each for each in news if isinstance(each, Step)]


def adapter(folder: Path) -> dict[str, Any]:
    """The matrices that a training left."""
    reader = gguf.GGUFReader(folder / ADAPTER)
    return {each.name: np.array(each.data) for each in reader.tensors}


def free(count: int) -> int:
    """The first of so many ports on end that nobody listens at. None that the system gives to
    whoever connects: who waits there for a listener could be connected with himself."""
    for port in range(BELOW - 8 * (os.getpid() % 1000), 1024, -count):
        with ExitStack() as stack:
            try:
                for each in range(port, port + count):
                    stack.enter_context(socket.socket()).bind((HERE, each))
            except OSError:
                continue
            return port
    raise AssertionError("somebody listens everywhere")


@cache
def connects() -> bool:
    """Whether MLX's ring, with nothing of ours, joins two processes on this machine."""
    alone = "import mlx.core as mx; g = mx.distributed.init(strict=True, backend='ring'); "
    command = [sys.executable, "-c", alone + "mx.eval(mx.distributed.all_sum(mx.ones(9), group=g))"]
    first = free(2)
    with NamedTemporaryFile("w") as file:
        json.dump([[f"{HERE}:{first}"], [f"{HERE}:{first + 1}"]], file)
        file.flush()
        where = {**os.environ, "MLX_HOSTFILE": file.name}
        ring = [subprocess.Popen(command, env={**where, "MLX_RANK": f"{at}"}) for at in range(2)]
        try:
            return all(each.wait(timeout=60) == 0 for each in ring)
        except subprocess.TimeoutExpired:
            return False
        finally:
            for each in ring:
                each.kill()
                each.wait()
