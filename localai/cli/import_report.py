"""What an import did, in sentences and as JSON. Keys are only ever added."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localai.port.reading import Report, Skipped


def fields(report: Report, *, dry_run: bool) -> dict[str, Any]:
    """The JSON object of `localai history import --json`."""
    return {
        "dry_run": dry_run,
        "conversations": report.read,
        "conversations_added": report.added,
        "conversations_grown": report.grown,
        "conversations_known": report.known,
        "messages_added": report.messages,
        "messages_known": report.messages_known,
        "formats": report.formats,
        "skipped": _entries(report.skipped.values()),
        "left_out": _entries(report.left_out.values()),
    }


def lines(report: Report, *, dry_run: bool) -> list[str]:
    """What happened, then one line for each reason that something did not."""
    found = []
    if report.read:
        verb = "Would add" if dry_run else "Added"
        found.append(
            f"{verb} {_count(report.messages, 'message')} in "
            f"{_count(report.added + report.grown, 'conversation')}"
            f" ({', '.join(f'{name}: {n:,}' for name, n in report.formats.items())})."
        )
    if report.messages_known:
        found.append(f"{_count(report.messages_known, 'message')} here already.")
    for entry in report.skipped.values():
        found.append(f"Skipped {entry.count:,}: {entry.reason} ({_places(entry)}).")
    for entry in report.left_out.values():
        found.append(f"Left out {entry.count:,}: {entry.reason} ({_places(entry)}).")
    return found


def _entries(found: Iterable[Skipped]) -> list[dict[str, Any]]:
    return [{"reason": e.reason, "count": e.count, "places": e.places} for e in found]


def _places(entry: Skipped) -> str:
    more = ", …" if entry.count > len(entry.places) else ""
    return ", ".join(entry.places) + more


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
