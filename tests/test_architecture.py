"""What holds for the code as a whole: layers, laziness, sizes, nothing tied to one machine."""

from __future__ import annotations

import ast
import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
PROGRAM = ("localai", "tui", "scripts", "tests")
SHELL = ("", ".sh", ".tcss")  # what is code beside Python; no suffix: scripts/localai and kin


def sources(*folders: str, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    """Every source file below the folders."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    return [
        p for p in found if p.is_file() and p.suffix in suffixes and "__pycache__" not in str(p)
    ]


def test_imports_keep_to_the_contracts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True, no_logo=True) == 0, capsys.readouterr().out


@pytest.mark.parametrize("command", [["--help"], ["--version"], ["history", "list"]])
def test_light_commands_import_nothing_heavy(command: list[str], tmp_path: Path) -> None:
    program = (
        "import atexit, json, pathlib, sys\n"
        "report = pathlib.Path(sys.argv.pop(1))\n"
        "atexit.register(lambda: report.write_text(json.dumps(list(sys.modules))))\n"
        "from localai.cli.main import main\n"
        "main()\n"
    )
    report = tmp_path / "modules.json"
    environment = os.environ | {"LOCALAI_HOME": str(tmp_path / "home")}
    for _ in range(2):  # the first one makes the database
        result = subprocess.run(
            [sys.executable, "-c", program, str(report), *command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert result.returncode == 0, result.stderr
    loaded = set(json.loads(report.read_text()))
    assert "localai.cli.main" in loaded
    heavy = {"llama_cpp", "mlx", "textual", "tui", "huggingface_hub", "numpy"}
    assert loaded & heavy == set()


def test_no_file_is_too_long() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for path in sources(*PROGRAM, suffixes=(".py", *SHELL))
    }
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}
    assert statistics.median(lengths.values()) <= 120


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length in lines of each function in a file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{path.relative_to(ROOT)}:{node.name}", node.end_lineno - node.lineno + 1


def test_no_function_is_too_long() -> None:
    lengths = dict(pair for path in sources(*PROGRAM) for pair in functions(path))
    assert {name: lines for name, lines in lengths.items() if lines > 40} == {}


def test_no_file_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "common", "manager", "misc"}
    assert [str(path) for path in sources(*PROGRAM) if path.stem in drawers] == []


def test_nothing_names_a_registry_or_a_machine() -> None:
    hosts = [rf"{host}\.org" for host in ("pypi", "python" + "hosted", "npmjs", "deb" + ".debian")]
    places = [rf"(?<![\w.~])/{place}/" for place in ("root", r"home/\w+", r"Users/\w+", "work")]
    pattern = re.compile("|".join(hosts + places))
    suffixes = (".py", ".md", ".toml", ".txt", ".json", ".yml", *SHELL)
    everything = sources(*PROGRAM, "docs", "models", ".ci", suffixes=suffixes)
    top = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in suffixes]
    named = {
        f"{path.relative_to(ROOT)}:{number}": line.strip()
        for path in [*everything, *top]
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    }
    assert named == {}


def test_the_app_opens_without_what_is_rarely_used() -> None:
    program = "import json, sys, tui.app; print(json.dumps(list(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    rare = {"localai.port.reading", "localai.port.exporting", "localai.store.upkeep.archive"}
    rare |= {"localai.forgetting", "localai.morning.page", "localai.morning.making"}
    assert not set(json.loads(result.stdout)) & {*rare, "llama_cpp"}


def test_adapters_are_taken_elsewhere_and_brought_in_without_mlx() -> None:
    modules = ("adapter_facts", "exporting", "importing", "workplace")
    names = ", ".join(f"localai.tune.{name}" for name in modules)
    program = f"import json, sys, {names}; print(json.dumps(list(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    heavy = {"mlx", "mlx_lm", "torch", "transformers", "llama_cpp"}
    assert not set(json.loads(result.stdout)) & heavy
