"""Light commands stay light: what they must not import, even indirectly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
        result = subprocess.run(
            [sys.executable, "-c", PROGRAM, *command], capture_output=True, text=True, check=True
        )
    loaded = set(json.loads(result.stderr.splitlines()[-1]))
    assert "localai.cli.main" in loaded
    assert not loaded & (UI | HEAVY | beyond)
