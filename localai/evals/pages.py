"""What HTML reports have in common: their looks, the plot of dots, and how texts get in."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from localai.sanitize import clean


def environment() -> Environment:
    """Templates that may extend `page.html`. Every text is escaped; those of models and people
    pass the filter `clean`, too."""
    made = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        loader=PackageLoader("localai.evals", "data"),
    )
    made.filters["clean"] = clean
    return made
