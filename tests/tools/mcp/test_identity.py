"""What a lasting consent to a server's tool is given to: any change of it asks again."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from localai.config import McpSettings
from localai.errors import ToolError
from localai.tools.identity import code_hash
from localai.tools.mcp import launch as launch_module
from localai.tools.mcp import listing, offered
from localai.tools.mcp.launch import Launch
from localai.tools.mcp.offered import ServerTool


def served(*command: str, folder: Path | None = None, tool: str = "do") -> ServerTool:
    """The one tool of a server that is started in this way."""
    launch = Launch.by("s", McpSettings(command=list(command), folder=folder))
    found = listing.made(launch.sha256, [(tool, "Do.", {"type": "object"})], 0)
    return offered.tools([(launch, found)])[0]


def program(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o700)
    return str(path)


def test_the_content_of_the_program_counts_as_it_is_at_the_time(tmp_path: Path) -> None:
    path = tmp_path / "serve"
    tool = served(program(path, "#!/bin/sh\n"))
    before = code_hash(tool)
    assert code_hash(served(str(path))) == before
    program(path, "#!/bin/sh\nevil\n")
    assert code_hash(tool) == code_hash(served(str(path))) != before
    path.unlink()
    with pytest.raises(ToolError, match="there is no program"):
        code_hash(tool)


def test_a_program_is_looked_for_as_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    program(tmp_path / "second" / "serve", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", f"{tmp_path}/first:{tmp_path}/second")
    tool = served("serve")
    before = code_hash(tool)
    program(tmp_path / "first" / "serve", "#!/bin/sh\nevil\n")
    assert code_hash(tool) != before


def test_every_file_that_the_command_names_counts(tmp_path: Path) -> None:
    (tmp_path / "serve.py").write_text("serve()\n")
    tools = [served("/bin/sh", str(tmp_path / "serve.py"))]
    tools.append(served("/bin/sh", "serve.py", "--quiet", "/", folder=tmp_path))
    before = list(map(code_hash, tools))
    (tmp_path / "serve.py").write_text("evil()\n")
    after = list(map(code_hash, tools))
    assert not set(before) & set(after)


def test_a_file_that_is_too_long_to_be_hashed_counts_by_its_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch_module, "MOST_HASHED", 4)
    (tmp_path / "data").write_text("long enough")
    tool = served("/bin/sh", str(tmp_path / "data"))
    before = code_hash(tool)
    assert code_hash(tool) == before
    os.utime(tmp_path / "data", (1, 1))
    assert code_hash(tool) != before


def test_what_the_server_calls_the_tool_counts() -> None:
    """Its name here stays the same, as both are written with letters that a model may use."""
    tools = [served("/bin/sh", tool=name) for name in ("a.b", "a-b")]
    assert tools[0].name == tools[1].name
    assert code_hash(replace(tools[0])) == code_hash(tools[0]) != code_hash(tools[1])


def test_what_is_remembered_of_a_server_outlives_a_change_of_its_code(tmp_path: Path) -> None:
    path = tmp_path / "serve"
    before = served(program(path, "#!/bin/sh\n"))
    program(path, "#!/bin/sh\nmore\n")
    assert served(str(path)).place == before.place
