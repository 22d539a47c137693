"""docs/cli.md knows every command and option, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from localai.cli.main import cli

GUIDE = Path(__file__).parents[2] / "docs" / "cli.md"


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below and including `command`, with the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, f"{path} {name}")


def sections() -> dict[str, str]:
    """The text of the guide under each heading that is a command."""
    found, name = dict[str, str](), ""
    for line in GUIDE.read_text("utf-8").splitlines():
        if heading := re.fullmatch(r"#+ `(localai[^`]*)`", line):
            name = heading[1]
        elif name:
            found[name] = f"{found.get(name, '')}{line}\n"
    return found


def options(command: click.Command) -> set[str]:
    """As they are typed; help is explained once, for all."""
    found = [p.opts + p.secondary_opts for p in command.params if isinstance(p, click.Option)]
    return {name for names in found for name in names}


def of_children(command: click.Command) -> set[str]:
    """The options that a group has from a command of it, which it is without any, and more."""
    if not isinstance(command, click.Group):
        return set()
    shared = [each for each in command.commands.values() if set(each.params) <= {*command.params}]
    return {name for each in shared for name in options(each)}


def test_every_command_has_its_section() -> None:
    assert set(sections()) == {path for path, _ in commands(cli, "localai")}


def test_every_option_is_explained_where_it_belongs() -> None:
    guide = sections()
    for path, command in commands(cli, "localai"):
        rows = [row for row in guide[path].splitlines() if row.startswith("| `-")]
        explained = {name for row in rows for name in re.findall(r"`(--?[\w-]+)`", row[:30])}
        assert explained - {"-h", "--help"} == options(command) - of_children(command), path


def test_every_command_and_option_has_help() -> None:
    for path, command in commands(cli, "localai"):
        assert command.help, path
        for param in command.params:
            assert not isinstance(param, click.Option) or param.help, (path, param.name)
