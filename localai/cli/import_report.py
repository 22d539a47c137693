"""What an import did, as JSON. Keys are only ever added."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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
        "examples": report.examples,
        "trust": trust,
        "formats": report.formats,
        "skipped": _entries(report.skipped.values()),
        "left_out": _entries(report.left_out.values()),
    }


def _entries(found: Iterable[Skipped]) -> list[dict[str, Any]]:
    return [{"reason": e.reason, "count": e.count, "places": e.places} for e in found]
