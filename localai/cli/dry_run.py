"""`localai tune --dry-run`: what would be learned, word for word, without learning it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import msgspec

from localai.cli import record
from localai.cli.failure import note
from localai.counted import counted
from localai.sanitize import clean
from localai.tune.preview import Preview


def show(found: Sequence[Preview], *, as_json: bool) -> None:
    """Print the corrections with what counts of each; a summary on stderr."""
    if as_json:
        click.echo(record.dumps([_fields(each) for each in found]))
    else:
        click.echo("\n".join(_lines(each) for each in found), nl=bool(found))
    examples = [example for each in found for example in each.examples]
    tokens = sum(example.tokens for example in examples)
    weighted = sum(example.weighted for example in examples)
    note(
        f"{counted(len(found), 'correction')}, {counted(len(examples), 'example')}, "
        f"{tokens:,} tokens, of which {weighted:,} are learned. "
        "The model's own answers to other questions come to that."
    )


def _lines(each: Preview) -> str:
    """The question, what is learned, in how many ways it is asked."""
    question = clean(" ".join(each.question.split()))
    if each.left_out:
        return f"{question}\n  left out: {each.left_out}\n"
    learned = dict.fromkeys(clean(example.learned) for example in each.examples)
    lines = [f"  learned: {text}" for text in learned]
    return "\n".join([question, *lines, f"  asked in {counted(len(each.examples), 'way')}", ""])


def _fields(each: Preview) -> dict[str, Any]:
    return {
        "correction": each.correction,
        "question": each.question,
        "left_out": each.left_out or None,
        "examples": [msgspec.structs.asdict(example) for example in each.examples],
    }
