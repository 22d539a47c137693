"""`localai tools`: results on stdout, one sentence on stderr, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from localai.tools import registry
from localai.tools.allowed import Allowed
from localai.tools.tool import Tool
from tests.cli.conftest import Run

TOUCHES = {
    "read_file": "reads",
    "search_chats": "reads",
    "search_notes": "reads",
    "web_fetch": "network",
}
OFF = {"read_file", "search_notes", "web_fetch"}
"""Until the settings allow something."""


def test_list_names_every_tool_with_what_it_touches(run: Run) -> None:
    result = run("tools", "list")
    assert result.exit_code == 0
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[0] for row in rows] == list(registry.BUILTIN)
    assert {row[0]: row[1] for row in rows} == {
        name: TOUCHES.get(name, "nothing") for name in registry.BUILTIN
    }
    assert {row[0] for row in rows if row[2] == "off"} == OFF
    assert all(row[2] in ("on", "off") and row[3].endswith(".") for row in rows)
    found = json.loads(run("tools", "list", "--json").stdout)
    assert [each["name"] for each in found] == list(registry.BUILTIN)
    assert {each["name"] for each in found if each["off"]} == OFF


def test_a_tool_is_on_when_the_settings_allow_what_it_needs(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("there\n")
    refused = run("tools", "run", "read_file", '{"path": "file"}')
    assert refused.exit_code == 1
    assert 'folders = ["~/notes"]' in refused.stderr
    monkeypatch.setenv("LOCALAI_TOOLS__FOLDERS", json.dumps([str(tmp_path)]))
    assert json.loads(run("tools", "show", "read_file").stdout)["off"] is None
    assert run("tools", "run", "read_file", '{"path": "file"}').stdout == "there\n"


def test_list_is_aligned_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True)
    lines = run("tools", "list").stdout.splitlines()
    assert lines[0].startswith("NAME")
    at = lines[0].index("WHAT IT DOES")
    assert all(line[at - 2 : at] == "  " and line[at] != " " for line in lines)


@pytest.mark.parametrize("name", registry.BUILTIN)
def test_show_is_what_a_model_sees(run: Run, name: str) -> None:
    shown = json.loads(run("tools", "show", name).stdout)
    assert shown["name"] == name
    assert shown["parameters"]["type"] == "object"
    assert shown["effects"] == ([TOUCHES[name]] if name in TOUCHES else [])


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (("calculator", '{"expression": "3748 * 291"}'), "1090668\n"),
        (("weekday", '{"date": "2024-02-29"}'), "Thursday\n"),
    ],
)
def test_run_prints_the_bare_result(run: Run, arguments: tuple[str, ...], printed: str) -> None:
    result = run("tools", "run", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (0, printed, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("calculator", '{"expression": "1 / 0"}'), "Division by zero"),
        (("calculator", '{"expression": 5}'), "expression"),
        (("calculator", "[1]"), "no JSON object"),
        (("calculator", "{"), "localai tools show calculator"),
        (("calculator", "[" * 100_000), "no JSON object"),
        (("calculator",), "expression"),
        (("calculater", "{}"), "did you mean calculator?"),
        (("xyz", "{}"), "localai tools list"),
    ],
)
def test_what_goes_wrong_is_one_sentence(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run("tools", "run", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_result_cannot_write_to_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from localai.tools import sandbox
    from localai.tools.outcome import Ok, Outcome

    def escaping(tool: Tool, arguments: object, allowed: Allowed) -> Outcome:
        return Ok("a\x1b]52;c;eA==\x07b", 0.0)

    monkeypatch.setattr(sandbox, "run", escaping)
    assert "\x1b" not in run("tools", "run", "clock").stdout


def test_the_copy_of_the_notes_goes_when_no_folder_is_allowed(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "notes.db").write_text("a copy")
    with monkeypatch.context() as allowed:
        allowed.setenv("LOCALAI_TOOLS__FOLDERS", json.dumps([str(home)]))
        assert run("tools", "list").exit_code == 0
    assert (home / "notes.db").exists()
    assert run("tools", "list").exit_code == 0
    assert not (home / "notes.db").exists()
