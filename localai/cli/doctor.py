"""`localai doctor`: shows what `localai.doctor` finds, and exits with 1 if anything is broken."""

from __future__ import annotations

import json
import sys

import click

from localai.cli.failure import note
from localai.cli.invocation import Invocation
from localai.errors import ExitCode, UsageError
from localai.sanitize import clean

MARKS = {"ok": ("ok", "green"), "warning": ("warn", "yellow"), "problem": ("FAIL", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of findings.")
@click.option("--repair", is_flag=True, help="Salvage a damaged history.")
@click.pass_obj
def doctor(invocation: Invocation, as_json: bool, repair: bool) -> None:
    """Check that everything is in order.

    Looks at what is installed, the settings, the data folder, the database, the disk and
    the model, and loads the model once. Exits with 1 when something is broken; each such
    line says what to do. With --repair nothing else is looked at: what can be read of a
    damaged history is put into a new one, with what cannot from the newest daily backup
    that is sound, and the damaged file is kept.
    """
    if repair:
        if as_json:
            raise UsageError("--repair prints no JSON; leave one of them out.")
        _repair()
        return
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


def _repair() -> None:
    """Repair the history in the data folder, and say what came of it."""
    from localai import paths
    from localai.store.upkeep import copies
    from localai.store.upkeep.repair import repair

    done = repair(paths.database().absolute())
    if done is None:
        note("Nothing is wrong with the history; nothing was changed.")
        return
    for table, number in done.rows.items():
        click.echo(f"{number:>9,}  {table}")
    note(
        f"Repaired; this could be read. The damaged file is kept as {done.kept}. "
        "Tools ask again for what they were allowed."
    )
    if done.lent:
        note(f"{done.lent:,} rows that could not be read are from the backup {done.backup}.")
    if (found := copies.listed(paths.home())) and found[-1] != done.backup:
        note(f"A backup may have more: localai restore --merge {found[-1]}")
