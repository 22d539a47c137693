"""Adapters as text and as JSON: a line in the list, or everything that is known of one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from localai.cli import tuning
from localai.moments import WHEN, local, utc
from localai.sanitize import clean, one_line
from localai.store.tuning import Adapter

if TYPE_CHECKING:
    from localai.tune.adapter_facts import Facts


def table(adapters: Sequence[Adapter], active: Adapter | None) -> list[str]:
    """A line for each adapter, newest first."""
    width = max((len(each.name) for each in adapters), default=0)
    return [
        f"{'*' if _is(each, active) else ' '} {each.name:{width}}  {_when(each)}"
        for each in adapters
    ]


def as_json(adapter: Adapter, active: Adapter | None) -> dict[str, Any]:
    """An adapter as a JSON object. Keys are only ever added."""
    return {
        "name": adapter.name,
        "id": adapter.id,
        "answers": _is(adapter, active),
        "created": utc(adapter.created),
        "run": adapter.run or None,
        "file": adapter.file,
        "sha256": adapter.sha256,
        "base_sha256": adapter.base,
    }


def whole(facts: Facts, active: Adapter | None) -> dict[str, Any]:
    """The object of the list with all that is known."""
    return as_json(facts.adapter, active) | {
        "bytes": facts.bytes,
        "manifest": msgspec.to_builtins(facts.manifest),
        "learned": [
            {"id": each.id, "question": each.question, "answer": each.answer}
            for each in facts.learned
        ],
        "unknown": facts.unknown,
    }


def shown(facts: Facts, active: Adapter | None) -> list[str]:
    """Everything that a reader wants to know."""
    adapter, manifest = facts.adapter, facts.manifest
    lines = [
        adapter.name + ("  (answers now)" if _is(adapter, active) else ""),
        f"  made      {_when(adapter)}" + (f" by the run {adapter.run}" if adapter.run else ""),
        f"  file      {clean(adapter.file)}, "
        + (f"{facts.bytes / 1e6:.2f} MB" if facts.bytes else "which is gone"),
    ]
    if manifest is None:
        lines.append("  manifest  none that can be read")
    else:
        lines += [
            f"  model     {one_line(manifest.base_name)} ({manifest.base[:12]})",
            f"  options   {_options(manifest.options)}",
            f"  replayed  {manifest.replay:,} answers",
        ]
    lines += _learned(facts)
    if manifest and (reason := manifest.verdict.get("reason")):
        lines += ["", clean(str(reason)), *tuning.numbers(manifest.verdict)]
    return lines


def _learned(facts: Facts) -> list[str]:
    if not facts.learned and not facts.unknown:
        return ["", "What it learned is not known here."]
    lines = ["", "Learned from:"]
    for each in facts.learned:
        lines += [f"  {one_line(each.question)}", f"    → {one_line(each.answer)}"]
    if facts.unknown:
        lines.append(f"  and {facts.unknown:,} that the history does not have any more")
    return lines


def _options(options: dict[str, Any]) -> str:
    """How it was trained, as far as the manifest says."""
    return one_line(", ".join(f"{name} {value}" for name, value in options.items())) or "?"


def _is(adapter: Adapter, active: Adapter | None) -> bool:
    return active is not None and active.id == adapter.id


def _when(adapter: Adapter) -> str:
    return local(adapter.created).strftime(WHEN)
