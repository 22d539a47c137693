"""`localai tune --dry-run`: what would be learned, word for word, without learning it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from localai.cli import record
from localai.cli.failure import note
from localai.counted import counted
from localai.lessons.preview import Preview
from localai.measures import duration
from localai.sanitize import clean, one_line

if TYPE_CHECKING:
    from localai.tune.estimate import Estimate


def show(found: Sequence[Preview], taken: Estimate, *, as_json: bool) -> None:
    """Print what counts of each example; a summary on stderr."""
    if as_json:
        click.echo(record.dumps([fields(each) for each in found]))
    else:
        click.echo("\n".join(_lines(each) for each in found), nl=bool(found))
    if repeated := sum(each.repeated for each in found):
        note(f"{counted(repeated, 'duplicate')} left out; of what says the same the newest stays.")
    ways = sum(1 if each.parts else len(each.examples) for each in found)
    note(
        f"{counted(len(found) - repeated, 'accepted example')}, asked in {counted(ways, 'way')}: "
        f"{taken.tokens:,} tokens, of which {taken.supervised:,} are learned. "
        "The model's own answers to other questions come to that."
    )
    note(_what_it_takes(taken))


def show_estimate(taken: Estimate, *, as_json: bool) -> None:
    """Print what a tune would take, and nothing else."""
    if as_json:
        click.echo(record.dumps(msgspec.to_builtins(taken)))
        return
    click.echo(
        f"{counted(taken.examples, 'example')} of {taken.tokens:,} tokens, "
        f"of which {taken.supervised:,} are learned.\n{_what_it_takes(taken)}"
    )


def _what_it_takes(taken: Estimate) -> str:
    known = (
        f"from {counted(taken.from_runs, 'run')} of this model"
        if taken.from_runs
        else "by rule of thumb for a CPU, as this model has had no run yet"
    )
    return (
        f"An estimate {known}: {counted(taken.steps, 'step')} in "
        f"{duration(taken.training_seconds)}, the whole run {duration(taken.seconds)}, "
        f"{taken.memory / 1e9:.1f} GB of memory."
    )


def fields(each: Preview) -> dict[str, Any]:
    """As a JSON object."""
    return {
        "id": each.example.id,
        "source": each.example.source,
        "question": each.example.question,
        "left_out": each.left_out or None,
        "examples": [
            {
                "text": seen.text,
                "learned": seen.learned,
                "tokens": len(seen.pieces),
                "weighted": seen.weighted,
            }
            for seen in each.examples
        ],
    }


def _lines(each: Preview) -> str:
    """The question, what is learned, in how many ways it is asked or parts it is read."""
    question = one_line(each.example.question)
    if each.left_out:
        return f"{question}\n  left out: {each.left_out}\n"
    learned = dict.fromkeys(clean(seen.learned) for seen in each.examples)
    lines = [f"  learned: {text}" for text in learned]
    return "\n".join([question, *lines, f"  {each.manner}", ""])
