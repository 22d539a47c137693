"""Asking before what cannot be undone."""

from __future__ import annotations

import sys

import click

from localai.errors import UsageError


def confirm(question: str, refusal: str) -> None:
    """Ask, and abort on no. Without a terminal there is nobody to ask: raises UsageError with
    the sentence `refusal`."""
    if not sys.stdin.isatty():
        raise UsageError(refusal)
    click.confirm(question, abort=True, err=True)
