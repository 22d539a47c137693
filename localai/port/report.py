"""What an import did or would do, in sentences for people. Pure; the texts are raw."""

from __future__ import annotations

from localai.counted import counted
from localai.port.reading import Report, Skipped


def lines(
    report: Report, *, dry_run: bool, trust: bool, trusting: str, name: str = ""
) -> list[str]:
    """What happened, then one line for each reason that something did not.

    `trusting` is what the user has for taking corrections as their own: an option, a key.
    `name` is the data set that the conversations were put into.
    """
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
    if report.examples:
        verb = "would wait" if dry_run else "waits" if report.examples == 1 else "wait"
        found.append(
            f"{counted(report.examples, 'conversation')} {verb} in the data set {name}; "
            f"localai data accept --set {name} lets them be learned."
        )
    if report.corrections and trust:
        found.append(_taken(report.corrections, dry_run=dry_run))
    elif report.corrections:
        found.append(_brought(report.corrections, trusting, dry_run=dry_run))
    for entry in report.skipped.values():
        found.append(f"Skipped {entry.count:,}: {entry.reason} ({_places(entry)}).")
    for entry in report.left_out.values():
        found.append(f"Left out {entry.count:,}: {entry.reason} ({_places(entry)}).")
    return found


def nothing(report: Report, where: str) -> str:
    """Why nothing could be read there; "" when something was."""
    if report.read:
        return ""
    if not report.skipped:
        return f"{where} is empty; give the export as it was downloaded."
    return f"No conversation in {where} could be read."


def stopped(report: Report) -> str:
    """What an import that was stopped has done."""
    return f"Stopped after {counted(report.messages, 'message')}, which stay"


def _taken(number: int, *, dry_run: bool) -> str:
    """What becomes of corrections that another history brings, with trust."""
    taken = f"{counted(number, 'correction')} {_was(number, dry_run)} taken as yours"
    return f"{taken}, to be learned from."


def _brought(number: int, trusting: str, *, dry_run: bool) -> str:
    """The same without."""
    learned, them = ("is", "it") if number == 1 else ("are", "them")
    return (
        f"{counted(number, 'correction')} {_was(number, dry_run)} brought along but {learned} "
        f"not learned from; {trusting} takes {them} as yours."
    )


def _was(number: int, dry_run: bool) -> str:
    return "would be" if dry_run else "was" if number == 1 else "were"


def _places(entry: Skipped) -> str:
    more = ", …" if entry.count > len(entry.places) else ""
    return ", ".join(entry.places) + more
