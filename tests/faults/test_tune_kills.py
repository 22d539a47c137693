"""kill -9 of `localai tune` at random moments: what answered before answers on, intact."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from localai.chat.adapters import file_hash
from localai.conversation import assistant, user
from localai.errors import ExitCode
from localai.store.rows import Origin
from localai.store.store import Store
from localai.tune import adapter
from localai.tune.manifest import Manifest, write_manifest
from localai.tune.plan import ADAPTER
from tests.engine.tiny_adapter import write_adapter

PATIENCE = 120.0
TUNE = ("localai", "tune")
NIGHT = ("tests.faults.toy_night",)
"""What is run: the command, or a night with rounds of toy problems."""
LESSONS = (("What is Vale?", "Vale is a harbour."), ("What is Xu?", "Xu is a kind of tea."))


def teach(home: Path, model: Path) -> None:
    """A history with two corrections and an adapter that answers already."""
    folder = home / "adapters" / "first"
    folder.mkdir(parents=True)
    sha256 = write_adapter(folder / ADAPTER)
    with Store.open(home / "localai.db") as store:
        base = file_hash(store, model)
        for question, better in LESSONS:
            talk = store.create_conversation(question)
            asked = store.add_message(talk.id, "", user(question))
            said = store.begin_answer(talk.id, asked.id, Origin(model="tiny"))
            store.finish_answer(said.id, assistant("Nonsense."), None, "done")
            store.add_correction(said.id, better)
        row = store.add_adapter(
            base=base, base_bytes=model.stat().st_size, file=str(folder / ADAPTER), sha256=sha256
        )
        store.activate(base, row.id, "chosen")
    write_manifest(
        folder,
        Manifest(
            base=base,
            base_name="tiny",
            template="",
            sha256=sha256,
            run="",
            corrections=(),
            replay=0,
            options={},
            verdict={},
            version="0",
            created=0.0,
        ),
    )


def tune(home: Path, model: Path, kind: Sequence[str] = TUNE) -> subprocess.Popen[bytes]:
    """A tune, which has something new to learn if the last one came to its end."""
    with Store.open(home / "localai.db") as store:
        last = next(iter(store.runs(limit=1)), None)
        if last is not None and last.state in ("promoted", "rejected"):
            store.write_example((user(f"What is {last.number}?"), assistant("A number.")))
    return subprocess.Popen(
        [sys.executable, "-m", *kind],
        env={
            **os.environ,
            "LOCALAI_HOME": str(home),
            "LOCALAI_MODEL": str(model),
            "LOCALAI_TUNE__EPOCHS": "2",
            "LOCALAI_TUNE__NICE": "0",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for_end(processes: Sequence[psutil.Process]) -> None:
    """A killed run's helpers go with it, by themselves."""
    assert not psutil.wait_procs(processes, timeout=PATIENCE)[1]


def verify_active(home: Path, model: Path) -> str:
    """The name of the adapter that answers, after checking every byte of it."""
    with Store.open(home / "localai.db") as store:
        base = file_hash(store, model)
        active = store.active_adapter(base)
        assert active is not None
        adapter.verify(Path(active.file).parent, base, active.sha256)
        return active.name


def kill_and_verify(
    home: Path, model: Path, times: int, seed: int, kind: Sequence[str] = TUNE
) -> list[str]:
    """Where each killed run was; the adapter is verified after each."""
    teach(home, model)
    assert tune(home, model, kind).wait(PATIENCE) in (0, 1)
    begun = time.monotonic()  # the first run made the replay; the others find it
    assert tune(home, model, kind).wait(PATIENCE) in (0, 1)
    whole = time.monotonic() - begun
    chance = random.Random(seed)
    stages: list[str] = []
    while len(stages) < times:
        process = tune(home, model, kind)
        try:
            process.wait(chance.uniform(0.05, 1.0) * whole)
            continue  # it was faster this time
        except subprocess.TimeoutExpired:
            children = psutil.Process(process.pid).children(recursive=True)
            process.kill()
        assert process.wait() == -9
        wait_for_end(children)
        verify_active(home, model)
        with Store.open(home / "localai.db") as store:
            last = store.runs(limit=1)[0]
            assert last.state != "running"
            stages.append(f"{last.state}: {last.progress.stage}")
    assert tune(home, model, kind).wait(PATIENCE) in (0, 1)
    verify_active(home, model)
    with Store.open(home / "localai.db") as store:
        assert store.runs(limit=1)[0].state in ("promoted", "rejected")
    assert not list((home / "tune").glob("*"))
    return stages


def test_a_killed_tune_changes_nothing(tmp_path: Path, tiny_model: Callable[[str], Path]) -> None:
    assert len(kill_and_verify(tmp_path / "home", tiny_model("plain"), 1, seed=1)) == 1


@pytest.mark.faults
@pytest.mark.parametrize(("kind", "times"), [(TUNE, 20), (NIGHT, 100)], ids=["tune", "night"])
def test_many_kills(
    tmp_path: Path, tiny_model: Callable[[str], Path], kind: Sequence[str], times: int
) -> None:
    stages = kill_and_verify(tmp_path / "home", tiny_model("plain"), times, seed=2, kind=kind)
    print("\n".join(f"{count:4} {stage}" for stage, count in Counter(stages).most_common()))
    assert len(stages) == times


@pytest.mark.faults
def test_of_twenty_tunes_at_once_one_runs(
    tmp_path: Path, tiny_model: Callable[[str], Path]
) -> None:
    home, model = tmp_path / "home", tiny_model("plain")
    teach(home, model)
    codes = [each.wait(PATIENCE) for each in [tune(home, model) for _ in range(20)]]
    print(Counter(codes))
    assert codes.count(ExitCode.USAGE) == 19
    with Store.open(home / "localai.db") as store:
        assert [run.state for run in store.runs()] in (["promoted"], ["rejected"])
    verify_active(home, model)
