"""`localai models`: data on stdout, talk on stderr, and what each command changes."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from localai import config
from localai.catalog import Catalog, window
from localai.cli.model_table import Row, fields, table
from tests.catalog import toy
from tests.catalog.hub import Hub, serve
from tests.cli.conftest import Run

REPO = "maker/Toy-GGUF"
DATA = toy.gguf() + bytes(4_000_000)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No real model store is ever looked at."""
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    for name in ("OLLAMA_MODELS", "LLAMA_CACHE", "HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serve(Hub(repos={REPO: {"toy-Q8_0.gguf": DATA}})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


def test_list_shows_what_is_here_and_elsewhere(run: Run, tmp_path: Path) -> None:
    toy.write(tmp_path / "me/.lmstudio/models/a/b/other.gguf")
    result = run("models", "list")
    assert result.exit_code == 0
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert [(line[0], line[1], line[3], line[5]) for line in lines] == [
        ("smollm2-135m-instruct", "Q4_1", "starter", "default"),
        ("lmstudio/other", "F16", "lm studio", ""),
    ]
    found = json.loads(run("models", "list", "--json").stdout)
    assert found[1]["path"].endswith("other.gguf")
    assert [row["default"] for row in found] == [True, False]


def test_list_tells_what_fits_into_the_free_memory(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.write(tmp_path / "me/.lmstudio/models/a/b/other.gguf")
    monkeypatch.setattr(window, "free_memory", lambda: 400_000_000)
    starter, other = json.loads(run("models", "list", "--json").stdout)
    assert (starter["fits"], other["fits"]) == (False, True)
    assert starter["memory_bytes"] > 100_000_000 > other["memory_bytes"] > 60_000_000


def test_list_names_a_broken_description_on_stderr(run: Run) -> None:
    models = Catalog().models_dir
    models.mkdir(parents=True)
    (models / "broken.toml").write_text("name =")
    result = run("models", "list")
    assert result.exit_code == 0
    assert "broken.toml is not usable" in result.stderr


def test_add_use_and_rm(run: Run, tmp_path: Path) -> None:
    path = toy.write(tmp_path / "toy.gguf")
    assert run("models", "add", str(path), "--name", "mine").stdout == "mine\n"
    assert run("models", "use", "mine").exit_code == 0
    assert config.load().model == "mine"
    assert json.loads(run("models", "list", "--json").stdout)[1]["default"]
    result = run("models", "rm", "mine")
    assert "starter model is used" in result.stderr
    assert config.load().model == ""
    assert path.exists()
    assert run("models", "use", str(path)).exit_code == 0
    assert config.load().model == str(path)


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["use", "nothing"], "no model called nothing", 1),
        (["use", "{bad}"], "not a GGUF", 1),
        (["add", "{bad}"], "not a GGUF", 1),
        (["add", "{absent}"], "no file", 1),
        (["add", "{good}", "--name", "A B"], "lower case", 2),
        (["rm", "smollm2-135m-instruct"], "nothing to remove", 2),
        (["pull", "nonsense"], "OWNER/REPO", 2),
    ],
)
def test_mistakes_are_one_sentence(
    run: Run, tmp_path: Path, arguments: list[str], words: str, code: int
) -> None:
    (tmp_path / "bad.gguf").write_text("<html>")
    files = {"good": toy.write(tmp_path / "good.gguf"), "absent": "/absent.gguf"}
    filled = [each.format(bad=tmp_path / "bad.gguf", **files) for each in arguments]
    result = run("models", *filled)
    assert result.exit_code == code
    assert words in result.stderr
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_pull_prints_the_name_and_progress_and_rm_deletes(run: Run, hub: Hub) -> None:
    result = run("models", "pull", REPO)
    assert (result.exit_code, result.stdout) == (0, "toy-q8_0\n")
    assert "100 % of 4 MB" in result.stderr
    path = Catalog().resolve("toy-q8_0").path
    assert path is not None
    refused = run("models", "rm", "toy-q8_0")
    assert refused.exit_code == 2
    assert str(path) in refused.stderr
    assert "--yes" in refused.stderr
    assert path.exists()
    assert run("models", "rm", "toy-q8_0", "--yes").exit_code == 0
    assert not path.exists()


def test_a_pulled_file_that_cannot_chat_is_said(run: Run, hub: Hub) -> None:
    hub.repos[REPO] = {"toy-Q8_0.gguf": toy.gguf({**toy.TINY, "general.architecture": "bert"})}
    result = run("models", "pull", REPO)
    assert result.exit_code == 1
    assert "embedding model" in result.stderr


def test_a_failed_pull(run: Run, hub: Hub) -> None:
    result = run("models", "pull", "maker/absent")
    assert result.exit_code == 1
    assert "no model maker/absent" in result.stderr
    assert result.stdout == ""


def test_ctrl_c_keeps_what_arrived_and_says_how_to_go_on(hub: Hub, tmp_path: Path) -> None:
    hub.hold, hub.hold_after = threading.Event(), 3_000_000
    process = subprocess.Popen(
        [sys.executable, "-m", "localai", "models", "pull", REPO],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    assert hub.held.wait(60)
    assert select.select([process.stderr], [], [], 60)[0]
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert f"Go on with: localai models pull {REPO}".encode() in err
    assert b"Traceback" not in err
    assert len(list(Catalog().models_dir.rglob("*.part"))) == 1
    assert [entry.home for entry in Catalog().list()] == ["starter"]


EVIL = Row("a\x1b]52;c;eA==\x07b\tc\nd", "", 5, "file", "/x\x1b[2J", False, "", "")


def test_names_cannot_drive_the_terminal() -> None:
    for text in (*fields([EVIL]), *table([EVIL])[1:]):
        assert "\x1b" not in text
        assert "\n" not in text
    assert fields([EVIL])[0].count("\t") == 5


def test_the_table_is_aligned() -> None:
    rows = [
        Row("short", "Q4_0", 5_000_000, "hub", "/x", True, "", "", 70_000_000),
        Row("ein längerer 名前", "", 2_500_000_000, "hub", "", False, "", "", 3 * 10**9, False),
        Row("unknown", "F16", 9_000_000, "hub", "", False, "", ""),
    ]
    assert table(rows)[1:] == [
        "*  short              Q4_0      5 MB               70 MB  hub",
        "   ein längerer 名前  ?      2.50 GB  3.00 GB (too much)  hub, not here",
        "   unknown            F16       9 MB                   ?  hub, not here",
    ]
