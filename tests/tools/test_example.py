"""The tool that `localai tools new` writes: it works, and its test passes and can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from localai import paths
from localai.errors import LocalaiError
from localai.tools import example, modules

pytestmark = pytest.mark.usefixtures("home")


def passes(test: Path) -> bool:
    """Whether pytest, run as the file says, finds nothing wrong."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)],
        env={"PYTHONPATH": modules.HERE, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=test.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode in (0, 1), result.stdout + result.stderr
    assert "3 passed" in result.stdout or "failed" in result.stdout
    return result.returncode == 0


def test_its_test_passes_and_can_fail() -> None:
    tool, test = example.write("counter")
    assert tool == paths.tools() / "counter.py"
    assert passes(test)
    tool.write_text(tool.read_text().replace("len(set(found)", "len(list(found)"))
    assert not passes(test)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "test_words.py").write_text("mine")
    with pytest.raises(LocalaiError, match=r"test_words\.py is there already"):
        example.write("words", folder)
    assert [path.name for path in folder.iterdir()] == ["test_words.py"]
    assert (folder / "test_words.py").read_text() == "mine"
    with pytest.raises(LocalaiError, match="is no folder"):
        example.write("words", folder / "test_words.py")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my tool", "cannot be the name"),
        ("2words", "cannot be the name"),
        ("../words", "cannot be the name"),
        ("class", "cannot be the name"),
        ("json", "a module that Python needs"),
        ("clock", "localai has a tool clock already"),
    ],
)
def test_a_name_that_will_not_do(name: str, said: str) -> None:
    with pytest.raises(LocalaiError, match=said):
        example.write(name)
    assert not paths.tools().exists()
