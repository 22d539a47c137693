from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import click
import pytest

from localai import __version__
from localai.cli.main import COMMANDS, PRIVACY, cli, prepare
from localai.errors import LocalaiError, UsageError
from tests.cli.conftest import Run


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"localai {__version__}\n"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_overview_says_what_the_command_says(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(limit=200) == COMMANDS[name].help


def test_the_overview_fits_80_columns(run: Run) -> None:
    assert max(map(len, run("--help").stdout.splitlines())) <= 80
    assert max(len(command.help) for command in COMMANDS.values()) < 66


def test_an_unknown_command_is_a_usage_error(run: Run) -> None:
    result = run("aks")
    assert result.exit_code == 2
    assert "No such command 'aks'" in result.stderr


def failing(error: BaseException) -> Any:
    def open_store() -> Any:
        raise error

    return open_store


def test_expected_errors_are_one_sentence(run: Run) -> None:
    store = failing(LocalaiError("The disk \x1b[31mis full."))
    result = run("history", "list", read_store=store)
    assert (result.stdout, result.stderr, result.exit_code) == ("", "The disk is full.\n", 1)
    assert run("history", "list", read_store=failing(UsageError("No."))).exit_code == 2


@pytest.mark.parametrize("command", [["history", "list"], ["models", "list"], ["tools", "list"]])
def test_a_home_that_leads_nowhere_is_one_sentence(
    run: Run, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALAI_HOME", "~nobody-here/x")
    result = run(*command)
    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr == (
        "LOCALAI_HOME is '~nobody-here/x', which leads nowhere; set it to a whole path.\n"
    )


def test_unexpected_errors_name_the_log(run: Run, home: Path) -> None:
    result = run("history", "list", read_store=failing(ValueError("odd\nthing")))
    log = home / "logs" / "errors.log"
    assert result.exit_code == 1
    assert result.stderr == (
        f"Something unexpected went wrong (ValueError: odd); details are in {log}.\n"
    )
    assert "Traceback" in log.read_text()


def test_debug_shows_the_traceback(run: Run) -> None:
    for error in (ValueError("odd"), LocalaiError("Known.")):
        result = run("--debug", "history", "list", read_store=failing(error))
        assert result.exit_code == 1
        assert "Traceback" in result.stderr
        assert str(error) in result.stderr


def test_a_closed_pipe_is_no_error(run: Run) -> None:
    result = run("history", "list", read_store=failing(BrokenPipeError()))
    assert (result.stdout, result.stderr, result.exit_code) == ("", "", 0)


def test_ctrl_c_is_130(run: Run) -> None:
    result = run("history", "list", read_store=failing(KeyboardInterrupt()))
    assert (result.stdout, result.stderr, result.exit_code) == ("", "", 130)


def test_without_a_terminal_the_app_is_not_opened(run: Run) -> None:
    result = run(run_app=failing(AssertionError("opened")))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "needs a terminal" in result.stderr


def test_prepare_keeps_everything_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PRIVACY:
        monkeypatch.delenv(name, raising=False)
    before = os.umask(0o022)
    try:
        prepare()
        (tmp_path / "file").touch()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    assert {name: os.environ[name] for name in PRIVACY} == PRIVACY
