"""Measure localai beside its peers: `scripts/bench.py NAME [--json FILE]`.

Prints a table; exits with 1 when a row misses its bar. Run it alone on the machine: two
programs with OpenMP threads side by side spoil each other's figures. Benchmarks are
scripts, never tests.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.benchmarks.rows import Row


def chat(model: str, rounds: int) -> Iterator[list[Row]]:
    """Everything a user of the chat waits for."""
    from scripts.benchmarks import chat_app, chat_engine, start

    yield from start.rows(rounds)
    yield from chat_engine.rows(model, rounds)
    yield from chat_app.rows(model, rounds)


def engine(model: str, rounds: int) -> Iterator[list[Row]]:
    """The part of `chat` without the app."""
    from scripts.benchmarks import chat_engine

    yield from chat_engine.rows(model, rounds)


def sampling(model: str, rounds: int) -> Iterator[list[Row]]:
    """Many samples at once."""
    from scripts.benchmarks import engine

    yield from engine.rows(model, rounds)


def streams(model: str, rounds: int) -> Iterator[list[Row]]:
    """One cache for each sequence beside one for all."""
    from scripts.benchmarks import streams

    yield from streams.rows(model, rounds)


def decode(model: str, rounds: int) -> Iterator[list[Row]]:
    """Decode speed alone, for a machine that is quiet only for a short while."""
    from scripts.benchmarks import chat_engine

    yield chat_engine.decode_speed(model, rounds)


def app(model: str, rounds: int) -> Iterator[list[Row]]:
    """The part of `chat` inside the app."""
    from scripts.benchmarks import chat_app

    yield from chat_app.rows(model, rounds)


def plugins(model: str, rounds: int) -> Iterator[list[Row]]:
    """Listing, offering and calling tools of one's own; no model is used."""
    from scripts.benchmarks import plugins

    yield from plugins.rows(rounds)


def tune(model: str, rounds: int) -> Iterator[list[Row]]:
    """Training speed, memory and loss."""
    from scripts.benchmarks import tune

    yield from tune.rows(model, rounds)


def learning(model: str, rounds: int) -> Iterator[list[Row]]:
    """Whether invented facts are learned and nothing else is lost."""
    from scripts.benchmarks import learning

    yield from learning.rows(model, rounds)


def personas(model: str, rounds: int) -> Iterator[list[Row]]:
    """Whether other data make another behaviour."""
    from scripts.benchmarks import personas

    yield from personas.rows(model, rounds)


def grammar(model: str, rounds: int) -> Iterator[list[Row]]:
    """Decode speed within tool calls that are held to their grammar."""
    from scripts.benchmarks import grammar

    yield grammar.rows(model, rounds)


def asks(model: str, rounds: int) -> Iterator[list[Row]]:
    """Whether the model asks for a tool where it needs one."""
    from scripts.benchmarks import asks

    yield asks.rows(model)


def kv(model: str, rounds: int) -> Iterator[list[Row]]:
    """Going on with a long conversation after a restart."""
    from scripts.benchmarks import kv

    yield kv.rows(model, rounds)


def adapters(model: str, rounds: int) -> Iterator[list[Row]]:
    """What adapters cost in speed, time and memory."""
    from scripts.benchmarks import adapters

    yield from adapters.rows(model, rounds)


def store(model: str, rounds: int) -> Iterator[list[Row]]:
    """A history of a million messages; no model is used."""
    from scripts.benchmarks import store

    yield from store.rows(rounds)


def port(model: str, rounds: int) -> Iterator[list[Row]]:
    """Importing and exporting conversations; no model is used."""
    from scripts.benchmarks import port

    yield from port.rows(rounds)


def fit(model: str, rounds: int) -> Iterator[list[Row]]:
    """Whether the memory that is told before loading is what loading takes."""
    from scripts.benchmarks import fit

    yield from fit.rows(model)


def kv_types(model: str, rounds: int) -> Iterator[list[Row]]:
    """What a quantised cache changes."""
    from scripts.benchmarks import kv_types

    yield from kv_types.rows(model)


def drafting(model: str, rounds: int) -> Iterator[list[Row]]:
    """What drafting answers from the prompt could bring."""
    from scripts.benchmarks import drafting

    yield from drafting.rows(model, rounds)


def soak(model: str, rounds: int) -> Iterator[list[Row]]:
    """Everything the engine does, mixed, for so many minutes."""
    from scripts.benchmarks import soak

    yield from soak.rows(model, rounds)


BENCHMARKS: dict[str, Callable[[str, int], Iterator[list[Row]]]] = {
    "chat": chat,
    "engine": sampling,
    "streams": streams,
    "chat-engine": engine,
    "chat-decode": decode,
    "chat-app": app,
    "plugins": plugins,
    "grammar": grammar,
    "asks": asks,
    "kv": kv,
    "adapters": adapters,
    "store": store,
    "tune": tune,
    "learning": learning,
    "personas": personas,
    "port": port,
    "fit": fit,
    "soak": soak,
    "kv-types": kv_types,
    "drafting": drafting,
}


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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("name", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", type=Path, help="write the rows to this file, too")
    parser.add_argument("--rounds", type=int, default=9, help="interleaved pairs a figure")
    parser.add_argument("-m", "--model", default="", help="model name or path (starter)")
    options = parser.parse_args()
    from localai.catalog import Catalog

    model = str(Catalog().resolve(options.model).path)
    rows: list[Row] = []
    console = Console(width=150 if not sys.stdout.isatty() else None)
    for group in BENCHMARKS[options.name](model, options.rounds):
        show(group, console)
        rows += group
    if options.json:
        options.json.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
