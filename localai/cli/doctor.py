"""`localai doctor`: shows what `localai.doctor` finds, and exits with 1 if anything is broken."""

from __future__ import annotations

import json
import sys

import click

from localai.cli.invocation import Invocation
from localai.errors import ExitCode
from localai.sanitize import clean

MARKS = {"ok": ("ok", "green"), "warning": ("warn", "yellow"), "problem": ("FAIL", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of findings.")
@click.pass_obj
def doctor(invocation: Invocation, as_json: bool) -> None:
    """Check that everything is in order.

    Looks at what is installed, the settings, the data folder, the database, the disk and
    the model, and loads the model once. Exits with 1 when something is broken; each such
    line says what to do.
    """
    import msgspec

    from localai.doctor import examine

    findings = []
    for finding in examine(invocation.model):
        findings.append(finding)
        if as_json:
            continue
        word, colour = MARKS[finding.status]
        mark = click.style(f"{word:<4}", fg=colour)
        click.echo(f"{mark}  {finding.name:<17} {clean(finding.value)}")
        if finding.advice:
            click.echo(f"{'':<4}  {'':<17} {clean(finding.advice)}")
    if as_json:
        click.echo(json.dumps([msgspec.structs.asdict(each) for each in findings], indent=2))
    if any(finding.status == "problem" for finding in findings):
        sys.exit(ExitCode.FAILURE)
