"""What the processes of a group put together, over MLX's ring on the loopback."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.errors import ModelError
from localai.tune import group, packing
from localai.tune.group import Group
from localai.tune.hosts import HERE, Host, Hosts
from localai.tune.plan import Lost
from tests.tune import loopback
from tests.tune.tiny_examples import example

SIZE = 3


def answers(case: str, folder: Path, present: int = SIZE) -> list[tuple[int, Any]]:
    """The exit code and the answer of each of so many processes of a group of three."""
    hosts = Hosts((Host(HERE, (HERE,)),) * SIZE, port=loopback.free(SIZE))
    started = []
    for rank in range(present):
        variables = {**os.environ, **hosts.setting(rank).placed(folder)}
        command = [sys.executable, "-m", "tests.tune.grouped", case]
        started.append(
            subprocess.Popen(
                command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
        )
    for each in started:
        assert each.stdin is not None
        each.stdin.write(b"\n")
    try:
        said = [each.communicate(timeout=60)[0] for each in started]
    finally:
        for each in started:
            each.kill()
    return [
        (each.returncode, json.loads(text) if text else None)
        for each, text in zip(started, said, strict=True)
    ]


@pytest.mark.usefixtures("ring")
def test_all_have_the_same_sum(tmp_path: Path) -> None:
    whole = [[[0 + 2 * 1 + 3 * 2.0] * 3] * 2, 1 + 2 + 3.0, pytest.approx(0.1), 3.0, 7000]
    assert answers("sums", tmp_path) == [(0, whole)] * SIZE


@pytest.mark.usefixtures("ring")
def test_who_does_not_agree_is_found_by_all(tmp_path: Path) -> None:
    assert answers("agrees", tmp_path) == [(0, group.UNLIKE.format("1"))] * SIZE


@pytest.mark.usefixtures("ring")
def test_who_leaves_is_missed(tmp_path: Path) -> None:
    assert answers("leaves", tmp_path) == [(0, "lost"), (0, "lost"), (0, "left")]


def test_who_waits_in_vain_does_not_wait_for_ever(tmp_path: Path) -> None:
    assert answers("waits", tmp_path, present=1) == [(-signal.SIGALRM, None)]


def test_a_backend_that_is_not_here_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[str]()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    with pytest.raises(ModelError, match="could not be joined by nccl") as error:
        group.joined("nccl", lambda: told.append("ready"))
    assert "\n" not in str(error.value)
    assert told == ["ready"]


def test_nobody_joins_before_all_are_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(Lost):
        group.joined("nccl", lambda: None)


def test_one_alone_has_what_it_has() -> None:
    alone, tree = Group(), {"a": mx.ones(2)}
    rows = [packing.row(example(seed)) for seed in range(3)]
    assert alone.sum(tree, 1.0) is tree
    assert alone.first(tree) is tree
    assert alone.dealt(rows) is rows
    assert (alone.total(0.5), alone.decided(5)) == (0.5, 5)
    alone.agree("1", "anything")


@given(st.lists(st.integers(2, 60)), st.integers(1, 5))
def test_all_rows_are_dealt_evenly(lengths: list[int], hands: int) -> None:
    rows = [packing.row(example(at, length + 10)) for at, length in enumerate(lengths)]
    dealt = packing.dealt(rows, hands)
    assert len(dealt) == hands
    assert sorted(map(id, rows)) == sorted(id(row) for hand in dealt for row in hand)
    held = [sum(len(row.ids) for row in hand) for hand in dealt]
    assert max(held) - min(held) <= max((len(row.ids) for row in rows), default=0)
    assert np.array_equal(held, sorted(held, reverse=True)) or len(rows) > hands
