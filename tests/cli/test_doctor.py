"""`localai doctor`: findings, advice and the exit code."""

from __future__ import annotations

import hashlib
import json
from datetime import time
from pathlib import Path

import msgspec
import pytest

from localai import doctor as examination
from localai import paths
from localai.catalog import Catalog, Description, window
from localai.catalog.description import FileSource
from localai.catalog.fit import fit
from localai.catalog.gguf import read_header
from localai.catalog.window import MARGIN
from localai.cli import doctor as command
from localai.doctor import Finding, examine
from localai.engine.base import Engine, LoadOptions, ModelInfo
from localai.engine.scripted import ScriptedEngine
from localai.errors import ModelError
from localai.kv_folder import KvFolder
from localai.schedule import timers
from localai.schedule.command import Command
from localai.schedule.nights import Nights
from localai.schedule.programs import Ran
from localai.schedule.systemd import Systemd
from localai.store.store import Store
from tests.catalog import toy
from tests.cli.conftest import Run
from tests.schedule.programs import System


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    tmp_path.chmod(0o700)


class Unloadable(ScriptedEngine):
    """A model file that llama.cpp refuses."""

    def load(self) -> ModelInfo:
        raise ModelError("The model cannot be loaded; try another one.")


def scripted(options: LoadOptions) -> Engine:
    return ScriptedEngine(["hello"])


def unloadable(options: LoadOptions) -> Engine:
    return Unloadable(["hello"])


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(toy.write(tmp_path / "toy.gguf"))


def found(model: str, engine: type[ScriptedEngine] = ScriptedEngine) -> dict[str, Finding]:
    factory = unloadable if engine is Unloadable else scripted
    return {finding.name: finding for finding in examine(model, factory)}


def test_a_fresh_machine_is_in_order(model: str, tmp_path: Path) -> None:
    (tmp_path / "toy.gguf").chmod(0o600)
    findings = found(model)
    assert {each.status for each in findings.values()} == {"ok"}
    assert all(each.advice == "" for each in findings.values())
    assert findings["model"].value.startswith("toy (llama F16, needs 0.1 GB with a window of 128 ")
    assert findings["engine"].value.startswith("runs on cpu")
    assert {"localai", "textual", "SQLite", "disk", "settings", "data folder"} <= set(findings)
    assert not (tmp_path / "localai.db").exists()


def test_the_database_is_described(model: str) -> None:
    with Store.open() as store:
        store.create_conversation("Hello")
    assert "1 conversations, 0 messages" in found(model)["database"].value


def test_nights_are_told_with_what_is_wrong_with_them(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(model)["schedule"] == Finding("schedule", "none")
    system = System()
    timer = Systemd(system, tmp_path / "units")
    monkeypatch.setattr(timers, "here", lambda: timer)
    words = Command(("localai", "tune", "--until", "06:30"), {})
    timers.install(timer, timer.files(Nights(time(2), time(6, 30)), words))
    assert found(model)["schedule"] == Finding("schedule", "every day from 02:00 to 06:30")
    system.answers = {"is_active": Ran(3)}
    assert found(model)["schedule"].status == "warning"
    assert "schedule it again" in found(model)["schedule"].advice


def test_saved_caches_are_counted_against_their_budget(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(model)["saved caches"].value == "0 conversations, 0.00 of at most 2 GB"
    folder = KvFolder(paths.kv())
    folder.make()
    (folder.path / "a.kv").write_bytes(bytes(20_000_000))
    assert found(model)["saved caches"].value == "1 conversation, 0.02 of at most 2 GB"
    monkeypatch.setenv("LOCALAI_ENGINE__KV_DISK", "0")
    assert found(model)["saved caches"].value == "off (engine.kv_disk is 0)"


def test_each_broken_thing_has_its_own_finding(tmp_path: Path, model: str) -> None:
    (tmp_path / "config.toml").write_text("colour = 1")
    (tmp_path / "localai.db").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 100)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "odd.toml").write_text("name =")
    findings = found(model + ".absent")
    broken = {name for name, each in findings.items() if each.status == "problem"}
    assert broken == {"settings", "database", "model"}
    assert findings["model description"].status == "warning"
    assert all(findings[name].advice for name in broken)


def test_a_model_that_does_not_load(model: str) -> None:
    finding = found(model, Unloadable)["engine"]
    assert (finding.status, finding.advice) == (
        "problem",
        "The model cannot be loaded; try another one.",
    )


def test_a_changed_model_file_fails_its_checksum(model: str) -> None:
    catalog = Catalog()
    data = Path(model).read_bytes()
    described = Description(
        name="toy",
        source=FileSource(model),
        file="toy.gguf",
        sha256=hashlib.sha256(data).hexdigest(),
    )
    catalog.save(described)
    assert found("toy")["checksum"].value.endswith("as described")
    Path(model).write_bytes(data + b"!")
    assert found("toy")["checksum"].status == "problem"
    catalog.save(msgspec.structs.replace(described, sha256=""))
    assert "checksum" not in found("toy")


def test_too_little_free_memory(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = toy.write(tmp_path / "long.gguf", llama__context_length=8192, llama__block_count=9999)
    header = read_header(long)
    free = fit(header, 4096).total + MARGIN
    monkeypatch.setattr(window, "free_memory", lambda: free)
    finding = found(str(long))["model"]
    assert "with a window of 4,096 tokens" in finding.value
    assert (finding.status, "close other programs" in finding.advice) == ("warning", True)
    assert found(model)["model"].status == "ok"
    monkeypatch.setattr(window, "free_memory", lambda: 1_000_000)
    findings = found(model)
    assert findings["model"].status == "problem"
    assert "1 MB are free" in findings["model"].advice
    assert "engine" not in findings


def test_open_files_are_a_warning(model: str, tmp_path: Path) -> None:
    (tmp_path / "toy.gguf").chmod(0o644)
    finding = found(model)["privacy"]
    assert finding.status == "warning"
    assert "toy.gguf" in finding.value
    assert "chmod" in finding.advice


def test_disk_memory_library_and_gpu(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "LOW_DISK", 1 << 62)
    monkeypatch.setattr(examination, "has_discrete_gpu", lambda: True)
    monkeypatch.setattr(Store, "info", lambda self: {**UNTRUSTED})
    findings = found(model)
    warnings = {name for name, each in findings.items() if each.status == "warning"}
    assert {"disk", "engine", "SQLite"} <= warnings
    monkeypatch.setattr(examination, "NO_DISK", 1 << 62)
    assert found(model)["disk"].status == "problem"


UNTRUSTED = {"sqlite_version": "3.45.0", "library": "sqlite3", "trusted": False, "check": "ok"}


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    monkeypatch.setattr(examination, "PACKAGES", ("no-such-package",))
    assert found(model)["no-such-package"].status == "problem"


def test_a_data_folder_that_cannot_be_written(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *args: False)
    assert found(model)["data folder"].status == "problem"


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("warning", 0), ("problem", 1)])
def test_the_exit_code_tells_whether_something_is_broken(
    run: Run, monkeypatch: pytest.MonkeyPatch, status: examination.Status, code: int
) -> None:
    finding = Finding("disk", "full \x1b[2J", status, "Free some.")
    monkeypatch.setattr(examination, "examine", lambda model: iter([finding]))
    result = run("doctor")
    assert result.exit_code == code
    assert command.MARKS[status][0] in result.stdout
    assert "Free some." in result.stdout
    assert "\x1b" not in result.stdout
    listed = run("doctor", "--json")
    assert listed.exit_code == code
    assert json.loads(listed.stdout) == [
        {"name": "disk", "value": "full \x1b[2J", "status": status, "advice": "Free some."}
    ]
