"""Running a trusted file: exactly the bytes that were trusted, and nothing beside them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from localai.tools import sandbox, source
from localai.tools.outcome import Failed, Ok, Outcome
from localai.tools.place import File
from localai.tools.tool import Tool
from tests.tools.conftest import Write
from tests.tools.plugged import leaves, text


def run(path: Path, sha256: str = "", **arguments: object) -> Outcome:
    """Call the tool `words` of a file, trusted as it is unless told otherwise."""
    place = File(str(path), sha256 or source.digest(path.read_bytes()))
    parameters = {
        "type": "object",
        "properties": {"text": {"type": "string"}},
        "required": [],
        "additionalProperties": False,
    }
    return sandbox.run(Tool("words", "", parameters, frozenset(), place), arguments)


def test_a_file_runs_while_it_is_what_was_trusted(written: Write, tmp_path: Path) -> None:
    path = written("words.py", text(body="return text.upper()"))
    outcome = run(path, text="a")
    assert isinstance(outcome, Ok)
    assert outcome.text == "A"
    trusted = source.digest(path.read_bytes())
    path.write_text(text(more=leaves(tmp_path / "ran")))
    outcome = run(path, trusted, text="a")
    assert isinstance(outcome, Failed)
    assert outcome.text == source.changed(str(path))
    assert f"localai tools trust {path}" in outcome.text
    assert not (tmp_path / "ran").exists()


def test_what_lies_beside_a_file_cannot_be_imported(written: Write) -> None:
    written("json.py", "raise SystemExit('the wrong json')\n")
    written("beside.py", "")
    path = written("words.py", text(body="import json; return json.dumps(text)"))
    assert run(path, text="a").text == '"a"'
    outcome = run(written("words.py", text(more="import beside")), text="a")
    assert isinstance(outcome, Failed)
    assert "No module named 'beside'" in outcome.text


def test_a_file_may_use_installed_packages_and_dataclasses(written: Write) -> None:
    more = "import msgspec\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n"
    path = written("words.py", text(more=more, body="return str(A(len(text)).x)"))
    assert run(path, text="abc").text == "3"


def test_a_file_gets_no_name_of_a_module(written: Write) -> None:
    path = written("random.py", text(body="import random; return random.choice([text])"))
    assert run(path, text="a").text == "a"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("x" * (source.MOST + 1), "is longer than 1 MB"),
        ("def", "SyntaxError"),
        ("words = 1", "words is no tool"),
    ],
)
def test_a_file_that_cannot_run(written: Write, content: str | None, said: str) -> None:
    path = written("words.py", content or "")
    sha256 = source.digest(path.read_bytes())
    if content is None:
        path.unlink()
    outcome = run(path, sha256)
    assert isinstance(outcome, Failed)
    assert said in outcome.text


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:

    os.mkfifo(tmp_path / "words.py")
    assert "is no ordinary file" in run(tmp_path / "words.py", "0" * 64).text
    assert "is no ordinary file" in run(tmp_path, "0" * 64).text
