"""`localai adapters export` and `import`: adapters for and from other programs.

Only arguments and words; how the files look is known in `localai.tune`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from localai.cli import meant
from localai.cli.failure import note
from localai.cli.invocation import Invocation

FORMATS = ("gguf-lora", "mlx", "peft", "merged-gguf")


@click.command()
@click.argument("name")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default=FORMATS[0],
    show_default=True,
    help="What to write.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="PATH",
    required=True,
    help="The new folder, or for merged-gguf the new file.",
)
@click.pass_obj
def export(invocation: Invocation, name: str, form: str, output: Path) -> None:
    """Write an adapter for other programs.

    gguf-lora is for llama.cpp and for another localai, mlx for mlx-lm, peft for
    transformers; merged-gguf is the model with the adapter in it. The path is printed.
    """
    from localai.cli.progress import Progress
    from localai.tune import exporting

    progress = Progress(sys.stderr)

    def tell(done: int, total: int) -> None:
        progress.show(f"{100 * done // max(total, 1)} % written")

    with invocation.open_store() as store:
        base = meant.file(invocation)
        found = meant.adapter_of(base, store, name)
    try:
        exporting.export(found, base, form, output.expanduser().absolute(), tell)
    finally:
        progress.clear()
    click.echo(str(output))


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", default="", help="What to call it; its number if not given.")
@click.pass_obj
def import_(invocation: Invocation, path: Path, name: str) -> None:
    """Bring an adapter in, for the model in use.

    PATH is a folder of PEFT, mlx-lm or `export`, or a LoRA in a GGUF file. It must fit the
    model's weights, and answers only once you choose it. Its name is printed.
    """
    from localai import config
    from localai.tune import importing

    with invocation.open_store() as store:
        entry = meant.model(invocation, config.load())
        made = importing.add(store, entry, path.expanduser().absolute(), name)
    click.echo(made.name)
    note(f"To let it answer: localai adapters use {made.name}")
