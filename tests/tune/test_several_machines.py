"""Two processes on the loopback train as one does; whatever ends one of them ends both, in a
sentence."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import psutil
import pytest

from localai.catalog import Catalog
from localai.digest import sha256
from localai.errors import EngineError, ModelError
from localai.tune import launching, peer, training
from localai.tune.checkpoints import CHECKPOINT
from localai.tune.hosts import HERE, Host, Hosts, Setting
from localai.tune.plan import ADAPTER, Again, Joining, Plan, Step
from tests.tune import loopback

CLOSE = 1e-4
"""How far a loss may be from the one of one process, relatively: rounding alone tells them
apart, and grows along the way."""


class Alone(NamedTuple):
    """A training by one process."""

    plan: Plan
    steps: list[Step]
    adapter: dict[str, Any]


@pytest.fixture(scope="module")
def base(tiny_llama: Callable[[str], Path]) -> Path:
    return tiny_llama("F16")


@pytest.fixture(scope="module")
def alone(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Alone:
    folder = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCALAI_HOME", str(folder / "home"))
        plan = loopback.plan(base, held=8)
        steps = loopback.trained(folder, plan)
    return Alone(plan, steps, loopback.adapter(folder))


def same(steps: list[Step], alone: Alone) -> None:
    """The same curve, of what is learned and of what is held out."""
    assert [(step.number, step.steps, step.tokens) for step in steps] == [
        (step.number, step.steps, step.tokens) for step in alone.steps
    ]
    for value in ("loss", "held"):
        curve, expected = ([getattr(step, value) for step in of] for of in (steps, alone.steps))
        assert curve == [each and pytest.approx(each, rel=CLOSE) for each in expected]


def same_matrices(folder: Path, alone: Alone) -> None:
    found = loopback.adapter(folder)
    assert found.keys() == alone.adapter.keys()
    for name, expected in alone.adapter.items():
        np.testing.assert_allclose(found[name], expected, atol=1e-3, err_msg=name)


@pytest.mark.usefixtures("ring")
def test_two_train_as_one_with_twice_the_batch(alone: Alone, tmp_path: Path) -> None:
    steps = loopback.trained(tmp_path, alone.plan, loopback.pair())
    assert len([step for step in steps if step.held is not None]) == 2
    assert steps[-1].loss < 0.5 * steps[0].loss
    same(steps, alone)
    same_matrices(tmp_path, alone)


@pytest.mark.usefixtures("ring")
def test_a_step_of_one_text_is_made_by_both(base: Path, tmp_path: Path) -> None:
    plan = loopback.plan(base)
    plan = msgspec.structs.replace(plan, own=plan.own[:1], replay=())
    steps = loopback.trained(tmp_path / "two", plan, loopback.pair())
    one = loopback.trained(tmp_path / "one", plan)
    same(steps, Alone(plan, one, {}))
    same_matrices(tmp_path / "two", Alone(plan, one, loopback.adapter(tmp_path / "one")))


@pytest.mark.usefixtures("ring")
def test_the_time_is_told_by_the_first(base: Path, tmp_path: Path) -> None:
    """Else the two would not make the same number of steps."""
    options = msgspec.structs.replace(loopback.OPTIONS, epochs=1000, seconds=2.0)
    steps = loopback.trained(tmp_path, loopback.plan(base, options), loopback.pair())
    assert steps[-1].number == steps[-1].steps < 4000
    assert (tmp_path / ADAPTER).exists()


class Kills:
    """Kills the second process at its third step, so many times."""

    def __init__(self, times: int) -> None:
        self.times, self.steps, self.told = times, list[Step](), list[str]()

    def __call__(self, news: Step | Again) -> None:
        if isinstance(news, Again):
            self.told.append(news.message)
            self.steps.clear()
            return
        self.steps.append(news)
        if self.times and news.number == 3:
            self.times -= 1
            (peer,) = _peers()
            peer.kill()


def _peers() -> list[psutil.Process]:
    """Those that run."""
    return list(filter(_is_peer, psutil.Process().children(recursive=True)))


def _is_peer(process: psutil.Process) -> bool:
    try:
        return "localai.tune.peer" in process.cmdline()
    except psutil.NoSuchProcess:  # it has just ended, perhaps without having been waited for
        return False


@pytest.mark.usefixtures("ring")
def test_one_that_is_killed_is_started_again(alone: Alone, tmp_path: Path) -> None:
    kills = Kills(times=1)
    training.train(tmp_path, alone.plan, kills, loopback.pair())
    (told,) = kills.told
    assert f"signal {signal.SIGKILL:d} on {HERE}" in told
    same(kills.steps, alone)
    same_matrices(tmp_path, alone)


@pytest.mark.usefixtures("ring")
def test_two_go_on_where_they_were_interrupted(alone: Alone, tmp_path: Path) -> None:
    steps = list[Step]()

    def interrupted(news: Step | Again) -> None:
        assert isinstance(news, Step)
        steps.append(news)
        if news.number == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(tmp_path, alone.plan, interrupted, loopback.pair())
    assert (tmp_path / CHECKPOINT).exists()
    assert 12 <= len(steps) < alone.steps[-1].number
    steps += loopback.trained(tmp_path, alone.plan, loopback.pair())
    same(steps, alone)
    same_matrices(tmp_path, alone)


@pytest.mark.usefixtures("ring")
def test_nonsense_is_refused_by_both(base: Path, tmp_path: Path) -> None:
    wild = msgspec.structs.replace(loopback.OPTIONS, learning_rate=1e30, warmup=0)
    with pytest.raises(ModelError, match="not finite"):
        loopback.trained(tmp_path, loopback.plan(base, wild), loopback.pair())
    assert not (tmp_path / ADAPTER).exists()


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes an `ssh` that does `run`, where "$last" is what it shall run on the other machine;
    gives the file that has the words it was called with."""

    def make(run: str) -> Path:
        script, said = tmp_path / "bin" / "ssh", tmp_path / "said"
        script.parent.mkdir()
        script.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" > {shlex.quote(str(said))}\n'
            f"for last; do :; done\n{run}\n"
        )
        script.chmod(0o700)
        monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
        return said

    return make


LOGIN = 'exec sh -c "$last"'


@pytest.mark.usefixtures("ring")
def test_another_machine_is_reached_by_ssh(
    alone: Alone, ssh: Callable[[str], Path], tmp_path: Path
) -> None:
    said = ssh(f"echo Welcome to box.\n{LOGIN}")
    same(loopback.trained(tmp_path / "run", alone.plan, loopback.pair("box")), alone)
    *options, host, command = said.read_text().splitlines()
    assert (options[-1], host) == ("--", "box")
    assert "-oBatchMode=yes" in options
    assert "localai.tune.peer" in command


@pytest.mark.usefixtures("ring")
def test_one_that_is_killed_always_is_one_sentence(
    alone: Alone, ssh: Callable[[str], Path], tmp_path: Path
) -> None:
    """And no broken connection, as which ssh itself would tell it."""
    ssh(LOGIN)
    kills = Kills(times=2)
    with pytest.raises(EngineError, match=r"\(exit code 137 on box\), twice; ") as error:
        training.train(tmp_path, alone.plan, kills, loopback.pair("box"))
    assert "\n" not in str(error.value)
    assert len(kills.told) == 1
    assert not (tmp_path / ADAPTER).exists()
    assert not _peers()


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("exit 255", "connection to box failed .*`ssh box true`"),
        ("exit 1", "no Python with this version of localai on box"),
        ("exit 127", "no Python with this version of localai on box"),
        ("exit 142", "did not find each other"),
        ("sleep 60", "did not find each other"),
    ],
)
def test_a_machine_that_cannot_be_used_is_one_sentence(
    alone: Alone,
    ssh: Callable[[str], Path],
    tmp_path: Path,
    run: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launching, "SILENCE_SECONDS", 0.1)
    monkeypatch.setattr(launching, "JOINING_SECONDS", 3.0)
    ssh(run)
    with pytest.raises(EngineError, match=words) as error:
        loopback.trained(tmp_path / "run", alone.plan, loopback.pair("box"))
    assert "\n" not in str(error.value)


def test_a_python_that_is_not_here_is_one_sentence(alone: Alone, tmp_path: Path) -> None:
    hosts = Hosts((Host(HERE, (HERE,)), Host(HERE, (HERE,), python="/nowhere/python")))
    with pytest.raises(
        EngineError, match=r"no Python with this version of localai on 127\.0\.0\.1"
    ):
        loopback.trained(tmp_path / "run", alone.plan, hosts)


@pytest.mark.usefixtures("ring")
def test_a_machine_with_another_model_is_one_sentence(
    alone: Alone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "sha256", lambda _: "0" * 64)
    with pytest.raises(ModelError, match=r"127\.0\.0\.1 does not have the same F16\.gguf") as error:
        loopback.trained(tmp_path / "run", alone.plan, loopback.pair())
    assert "\n" not in str(error.value)


def test_the_model_is_known_by_its_content(base: Path, tmp_path: Path) -> None:
    there = Path(shutil.copy(base, tmp_path / "other.gguf"))
    joining = Joining(
        host="box",
        setting=Setting({}, {}),
        backend="ring",
        plan=b"",
        checkpoint=b"",
        pieces=1,
        nice=0,
        base=sha256(base),
        base_bytes=base.stat().st_size,
    )
    with pytest.raises(ModelError, match=r"box does not have the same gone\.gguf"):
        peer.find_model(joining, tmp_path / "gone.gguf")
    Catalog().add(there)
    assert peer.find_model(joining, tmp_path / "gone.gguf") == there
    assert peer.find_model(joining, base) == base
    there.write_bytes(bytes(joining.base_bytes))
    with pytest.raises(ModelError, match=r"box does not have"):
        peer.find_model(joining, tmp_path / "gone.gguf")
