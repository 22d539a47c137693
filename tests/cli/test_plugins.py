"""`localai tools new | trust | enable | disable`, from the first file to its result."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from localai import config
from tests.cli.conftest import Run
from tests.cli.program import OnTerminal, environment
from tests.tools.plugged import install, leaves, text, write

CALL = '{"text": "to be or not to be"}'


def listed(run: Run, name: str) -> list[str]:
    """The line of a tool in the list."""
    rows = [line.split("\t") for line in run("tools", "list").stdout.splitlines()]
    return next(row for row in rows if row[0] == name)


def test_from_new_to_a_result_and_to_a_change(run: Run, home: Path) -> None:
    made = run("tools", "new", "counter")
    path = home / "tools" / "counter.py"
    assert made.stdout.splitlines() == [str(path), str(home / "tools" / "test_counter.py")]
    assert f"localai tools trust {path}" in made.stderr
    assert "no tool 'counter'" in run("tools", "run", "counter", CALL).stderr

    trusted = run("tools", "trust", str(path), "--yes")
    assert (trusted.exit_code, trusted.stdout) == (0, "")
    assert "counter  touches nothing  Count the words of a text." in trusted.stderr
    assert listed(run, "counter") == ["counter", "nothing", "on", "Count the words of a text."]
    assert json.loads(run("tools", "show", "counter").stdout)["from"] == str(path)
    result = run("tools", "run", "counter", CALL)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "6\n", "")

    path.write_text(path.read_text().replace("len(set(found)", "-len(set(found)"))
    assert listed(run, "counter")[2] == "changed"
    refused = run("tools", "run", "counter", CALL)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.endswith(f"localai tools trust {path}\n")
    run("tools", "trust", str(path.parent), "--yes")
    result = run("tools", "run", "counter", CALL.replace("}", ', "unique": true}'))
    assert result.stdout == "-4\n"

    assert "trusted no longer" in run("tools", "trust", "--remove", str(path)).stderr
    assert run("tools", "run", "counter", CALL).exit_code == 1


def test_without_a_terminal_trust_needs_yes(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "mine" / "words.py", text(more=leaves(tmp_path / "ran")))
    path.parent.chmod(0o700)
    result = run("tools", "trust", str(path))
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert not (tmp_path / "ran").exists()
    assert run("tools", "run", "words").exit_code == 1


@pytest.mark.parametrize(("key", "trusted"), [(b"y\r", True), (b"n\r", False)])
def test_on_a_terminal_trust_asks(home: Path, tmp_path: Path, key: bytes, trusted: bool) -> None:
    path = write(tmp_path / "mine" / "words.py", text())
    path.parent.chmod(0o700)
    env = environment([], LOCALAI_HOME=str(home))
    with OnTerminal(["tools", "trust", str(path)], env) as program:
        program.read_until(lambda screen: "let it run?" in screen)
        program.press(key)
        assert (program.wait() == 0) is trusted
    assert (home / "trusted.toml").exists() is trusted


def test_disable_and_enable(run: Run) -> None:
    assert run("tools", "disable", "clock").exit_code == 0
    assert config.load().tools.disabled == ["clock"]
    assert listed(run, "clock")[2] == "disabled"
    refused = run("tools", "run", "clock")
    assert refused.exit_code == 1
    assert "localai tools enable clock" in refused.stderr
    assert run("tools", "enable", "clock").exit_code == 0
    assert run("tools", "run", "clock").exit_code == 0


def test_enable_allows_what_a_tool_needs_or_says_how(run: Run) -> None:
    assert run("tools", "enable", "web_fetch").exit_code == 0
    assert config.load().tools.web_fetch
    assert listed(run, "web_fetch")[2] == "on"
    result = run("tools", "enable", "read_file")
    assert result.exit_code == 1
    assert 'folders = ["~/notes"]' in result.stderr


@pytest.mark.parametrize("command", ["enable", "disable", "show", "run"])
def test_an_unknown_name_gets_the_nearest(run: Run, command: str) -> None:
    result = run("tools", command, "clokc")
    assert result.exit_code == 1
    assert "did you mean clock?" in result.stderr
    assert not config.load().tools.disabled


def test_an_installed_tool_is_listed_unseen_and_runs(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, mark = tmp_path / "site", tmp_path / "ran"
    ran = leaves(mark) + "x = '\\x1b[31m'"
    more = text(more=ran, body="return text + x")
    install(site, "wordtools", {"words": "wordtools:words"}, {"wordtools.py": more})
    monkeypatch.syspath_prepend(str(site))
    assert listed(run, "words")[1:3] == ["unknown", "new"]
    (found,) = (
        x for x in json.loads(run("tools", "list", "--json").stdout) if x["name"] == "words"
    )
    assert (found["state"], found["parameters"], found["from"]) == ("new", None, "wordtools 1.0")
    assert not mark.exists()
    assert run("tools", "run", "words", '{"text": "a"}').stdout == "a\n"
    assert listed(run, "words")[1:3] == ["nothing", "on"]
    assert os.fspath(mark) not in run("tools", "list").stdout
