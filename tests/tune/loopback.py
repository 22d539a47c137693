"""A training by two processes on this machine, and the same training by one."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from localai.tune import training
from localai.tune.hosts import HERE, Host, Hosts
from localai.tune.plan import ADAPTER, Again, Options, Plan, Step
from tests.tune.tiny_examples import example

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
    """The first of so many ports on end that nobody listens at."""
    while True:
        with ExitStack() as stack:
            probes = [stack.enter_context(socket.socket()) for _ in range(count)]
            probes[0].bind((HERE, 0))
            port: int = probes[0].getsockname()[1]
            try:
                for offset, probe in enumerate(probes[1:], 1):
                    probe.bind((HERE, port + offset))
            except (OSError, OverflowError):
                continue
            return port
