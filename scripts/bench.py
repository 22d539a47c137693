"""Measure localai beside its peers: `scripts/bench.py NAME [--json FILE]`.

Prints a table; exits with 1 when a row misses its bar. Run it alone on the machine: two
programs with OpenMP threads side by side spoil each other's figures. Benchmarks are
scripts, never tests.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.benchmarks.rows import Row

BENCHMARKS = {
    "chat": ("everything a user of the chat waits for", "start", "chat_engine", "chat_app"),
    "chat-engine": ("the part of it without the app", "chat_engine"),
    "chat-decode": ("decode speed alone, while a machine is quiet", "chat_decode"),
    "chat-app": ("the part inside the app", "chat_app"),
    "engine": ("many samples at once", "engine"),
    "streams": ("one cache for each sequence beside one for all", "streams"),
    "drafting": ("what drafting answers from the prompt could bring", "drafting"),
    "kv": ("going on with a long conversation after a restart", "kv"),
    "kv-types": ("what a quantised cache changes", "kv_types"),
    "adapters": ("what adapters cost in speed, time and memory", "adapters"),
    "fit": ("memory told before loading, and what loading takes", "fit"),
    "soak": ("everything the engine does, for as many minutes as rounds", "soak"),
    "plugins": ("listing, offering and calling tools", "plugins"),
    "grammar": ("decode speed within tool calls that are held to a grammar", "grammar"),
    "asks": ("whether the model asks for a tool where it needs one", "asks"),
    "evals": ("evaluations: the same each time, and how fast", "evals"),
    "rewrites": ("questions in the model's own words", "rewrites"),
    "store": ("a history of a million messages", "store"),
    "port": ("importing and exporting conversations", "port"),
    "tune": ("training speed, memory and loss", "tune"),
    "heads": ("training on examples that begin alike", "heads"),
    "learning": ("whole tunes: facts from corrections", "learning"),
    "few": ("a whole tune on as many corrections as rounds", "few"),
    "personas": ("whole tunes: two ways to talk", "personas"),
    "styles": ("direct and stepwise answers to the same problems", "stepwise"),
    "round": ("the sampling of a round beside the sampler alone", "sampling"),
    "rl": ("rejection sampling, chosen in three ways, an hour each", "discovery"),
    "assistant": ("a whole tune: a pretrained model learns to talk", "assistant"),
}
"""Name -> what it measures and the modules of `scripts.benchmarks` whose `rows` do."""


def show(rows: list[Row], console: Console) -> None:
    """The rows as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "value", "unit", "peer", "ratio", "interval", "bar", "n", "ok"):
        table.add_column(heading, justify="left" if heading in ("name", "unit") else "right")
    for row in rows:
        bound = "" if row.bar is None else f"{'>=' if row.better == 'high' else '<='} {row.bar:g}"
        interval = "" if row.interval is None else f"{row.interval[0]:.3f}..{row.interval[1]:.3f}"
        table.add_row(
            row.name,
            f"{row.value:.4g}",
            row.unit,
            "" if row.peer is None else f"{row.peer:.4g}",
            "" if row.ratio is None else f"{row.ratio:.3f}",
            interval,
            bound,
            str(row.n),
            "" if row.bar is None else "yes" if row.ok else "NO",
        )
    console.print(table)


def main() -> int:
    """Run one benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0] if __doc__ else "",
        epilog="\n".join(f"{name:12} {what}" for name, (what, *_) in BENCHMARKS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=BENCHMARKS, metavar="NAME", help="one of those below")
    parser.add_argument("--json", type=Path, help="write the rows to this file, too")
    parser.add_argument("--rounds", type=int, default=9, help="interleaved pairs a figure")
    parser.add_argument("-m", "--model", default="", help="model name or path (starter)")
    options = parser.parse_args()
    from localai.catalog import Catalog

    model = str(Catalog().resolve(options.model).path)
    rows: list[Row] = []
    console = Console(width=150 if not sys.stdout.isatty() else None)
    for module in BENCHMARKS[options.name][1:]:
        for group in import_module(f"scripts.benchmarks.{module}").rows(model, options.rounds):
            show(group, console)
            rows += group
    if options.json:
        options.json.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
