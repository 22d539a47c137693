"""What an import did, in sentences and as JSON. Keys are only ever added."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localai.cli.counted import counted
from localai.port.reading import Report, Skipped


def fields(report: Report, *, dry_run: bool, trust: bool) -> dict[str, Any]:
    """The JSON object of `localai history import --json`."""
    return {
        "dry_run": dry_run,
        "conversations": report.read,
        "conversations_added": report.added,
        "conversations_grown": report.grown,
        "conversations_known": report.known,
        "messages_added": report.messages,
        "messages_known": report.messages_known,
        "corrections": report.corrections,
        "trust": trust,
        "formats": report.formats,
        "skipped": _entries(report.skipped.values()),
        "left_out": _entries(report.left_out.values()),
    }


def lines(report: Report, *, dry_run: bool, trust: bool) -> list[str]:
    """What happened, then one line for each reason that something did not."""
    found = []
    if report.read:
        verb = "Would add" if dry_run else "Added"
        found.append(
            f"{verb} {counted(report.messages, 'message')} in "
            f"{counted(report.added + report.grown, 'conversation')}"
            f" ({', '.join(f'{name}: {n:,}' for name, n in report.formats.items())})."
        )
    if report.messages_known:
        found.append(f"{counted(report.messages_known, 'message')} here already.")
    if report.corrections:
        found.append(_corrections(report.corrections, dry_run=dry_run, trust=trust))
    for entry in report.skipped.values():
        found.append(f"Skipped {entry.count:,}: {entry.reason} ({_places(entry)}).")
    for entry in report.left_out.values():
        found.append(f"Left out {entry.count:,}: {entry.reason} ({_places(entry)}).")
    return found


def _corrections(number: int, *, dry_run: bool, trust: bool) -> str:
    """What becomes of corrections that another history brings."""
    was = "would be" if dry_run else "was" if number == 1 else "were"
    if trust:
        return f"{counted(number, 'correction')} {was} taken as yours, to be learned from."
    return (
        f"{counted(number, 'correction')} {was} brought along but "
        f"{'is' if number == 1 else 'are'} not learned from; --trust takes "
        f"{'it' if number == 1 else 'them'} as yours."
    )


def _entries(found: Iterable[Skipped]) -> list[dict[str, Any]]:
    return [{"reason": e.reason, "count": e.count, "places": e.places} for e in found]


def _places(entry: Skipped) -> str:
    more = ", …" if entry.count > len(entry.places) else ""
    return ", ".join(entry.places) + more
