"""The option --limit of commands that list something."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from localai.cli.options import Decorated


def limit(default: int) -> Callable[[Decorated], Decorated]:
    """At most `default` things, if it is not given."""
    return click.option(
        "--limit",
        type=click.IntRange(min=1),
        default=default,
        metavar="N",
        show_default=True,
        help="At most so many.",
    )
