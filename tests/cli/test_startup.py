"""Light commands stay light: what they must not import, even indirectly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_adapters import promote

PROGRAM = """
import json, sys
from localai.cli.main import main
try:
    main()
except SystemExit:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""

UI = {"rich.console", "rich.markdown", "markdown_it", "pygments", "textual", "tui"}
HEAVY = {"llama_cpp", "mlx", "numpy", "pydantic", "huggingface_hub", "sqlite_utils", "jinja2"}


@pytest.mark.parametrize(
    ("command", "beyond"),
    [(["--help"], {"localai.store", "msgspec", "rich"}), (["history", "list"], set[str]())],
)
def test_light_commands_import_little(command: list[str], beyond: set[str], home: Path) -> None:
    for _ in range(2):  # the first one makes the database
        loaded = imported(command)
    assert "localai.cli.main" in loaded
    assert not loaded & (UI | HEAVY | beyond)


def test_an_adapter_is_shown_without_reading_its_numbers(home: Path) -> None:
    promote("b")
    loaded = imported(["adapters", "show", "tuned-1"])
    assert "localai.tune.adapter_facts" in loaded
    assert not loaded & (UI | {"numpy", "gguf", "mlx", "llama_cpp"})


def imported(command: list[str]) -> set[str]:
    """Every module that a command loads."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command], capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stderr.splitlines()[-1]))
