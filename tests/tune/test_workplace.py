"""One tune at a time, and nothing left behind by those that were killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from localai import digest
from localai.errors import UsageError
from localai.store.store import Store
from localai.tune import workplace

HOLDS = """
import sys
from localai.tune import workplace
with workplace.alone():
    print("held", flush=True)
    sys.stdin.read()
"""

BEGINS = """
from localai.store.store import Store
with Store.open() as store:
    print(store.begin_run("toy", "b", {}).id)
"""


def python(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_one_at_a_time() -> None:
    with python(HOLDS) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match="running already"), workplace.alone():
            pass
        other.kill()
        other.wait()
        with workplace.alone():
            pass


def folder(path: Path) -> Path:
    """A folder with something in it."""
    path.mkdir(parents=True)
    (path / "file").write_text("something")
    return path


def test_leftovers_of_killed_runs_go(store: Store) -> None:
    half = folder(workplace.work_folder("r1"))
    unnamed = folder(workplace.adapters_folder() / "r1")
    named = folder(workplace.adapters_folder() / "r2")
    store.add_adapter(base="b", base_bytes=1, file=str(named / "file"), sha256="s", run="")
    kept = folder(workplace.work_folder("r3"))
    workplace.clear_leftovers(store, keep={"r3"})
    assert not half.exists()
    assert (kept / "file").exists()
    assert not unnamed.exists()
    assert (named / "file").exists()


def test_an_adapter_is_known_by_whatever_path_the_data_folder_is_reached(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (link := home.with_name("link")).symlink_to(home)
    monkeypatch.setenv("LOCALAI_HOME", str(link))
    named = folder(workplace.adapters_folder() / "r1")
    made = store.add_adapter(base="b", base_bytes=1, file=str(named / "file"), sha256="s")
    for each in (home, link):
        monkeypatch.setenv("LOCALAI_HOME", str(each))
        workplace.clear_leftovers(store)
        assert (named / "file").exists()
    monkeypatch.setenv("LOCALAI_HOME", str(home))
    store.remove_adapter(made)
    workplace.remove(made)
    assert not named.exists()


def test_only_a_folder_among_the_adapters_is_deleted(store: Store) -> None:
    adapters = workplace.adapters_folder()
    other = folder(adapters / "r1")
    for file in ("file", "r1/../file", "r1/deeper/file", "../file"):
        made = store.add_adapter(base="b", base_bytes=1, file=str(adapters / file), sha256="s")
        workplace.remove(made)
    assert (other / "file").exists()


def test_dead_runs_are_ended_and_others_left_alone(store: Store) -> None:
    with python(BEGINS) as other:
        dead = other.communicate()[0].strip()
    done = store.begin_run("toy", "b", {}).id
    store.end_run(done, "rejected")
    mine = store.begin_run("toy", "b", {}).id
    workplace.clear_leftovers(store)
    assert [(run.id, run.state) for run in store.runs()] == [
        (mine, "running"),
        (done, "rejected"),
        (dead, "interrupted"),
    ]
    assert store.run_process(dead) is None


def test_there_may_be_nothing_to_clear(store: Store) -> None:
    workplace.clear_leftovers(store)
    assert store.runs() == ()


def test_a_known_hash(tmp_path: Path) -> None:
    (path := tmp_path / "file").write_text("abc")
    assert digest.sha256(path).startswith("ba7816bf")
