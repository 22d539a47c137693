"""One hash for a tool: any change of its code or of what is told of it gives another."""

from __future__ import annotations

import compileall
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from localai.errors import ToolError
from localai.tools import modules
from localai.tools.builtin.calculator import calculator
from localai.tools.identity import code_hash, module_hash
from localai.tools.place import File, Module, Server
from localai.tools.tool import Tool
from tests.tools.conftest import Install
from tests.tools.plugged import leaves, text

FILE = File("/data/words.py", "0" * 64)
TOOL = Tool("words", "Count.", {"type": "object"}, frozenset(), FILE)


def test_all_that_is_known_of_a_tool_counts() -> None:
    others = [
        replace(TOOL, name="wards"),
        replace(TOOL, description="Count!"),
        replace(TOOL, parameters={"type": "object", "properties": {}}),
        replace(TOOL, effects=frozenset({"reads"})),
        replace(TOOL, needs="folders"),
        replace(TOOL, place=File(FILE.path, "1" * 64)),
        replace(TOOL, place=Server("mine", "2" * 64)),
    ]
    hashes = {code_hash(tool) for tool in [TOOL, *others]}
    assert len(hashes) == 1 + len(others)
    assert code_hash(replace(TOOL)) == code_hash(TOOL)
    assert all(len(each) == 64 for each in hashes)


def test_where_a_trusted_file_lies_does_not_count() -> None:
    assert code_hash(replace(TOOL, place=File("/elsewhere", "0" * 64))) == code_hash(TOOL)


def test_every_file_of_a_package_counts_and_none_is_imported(
    installed: Install, tmp_path: Path
) -> None:
    ran = leaves(tmp_path / "ran")
    files = {"hashed/__init__.py": ran, "hashed/deep/__init__.py": ran, "hashed/deep/t.py": ran}
    site = installed("hashed", {}, files)
    before = module_hash("hashed.deep.t")
    (site / "hashed" / "data.json").write_text("{}")
    assert module_hash("hashed.deep.t") == before
    (site / "hashed" / "more.py").write_text("")
    after = module_hash("hashed.deep.t")
    assert after != before
    (site / "hashed" / "more.py").rename(site / "hashed" / "renamed.py")
    assert module_hash("hashed.deep.t") not in (before, after)
    assert not (tmp_path / "ran").exists()
    assert "hashed" not in sys.modules


def test_compiled_code_counts_where_it_stands_for_source(installed: Install) -> None:
    site = installed("hashed", {}, {"compiled/__init__.py": "", "compiled/t.py": text()})
    before = module_hash("compiled.t")
    compileall.compile_file(site / "compiled" / "t.py", quiet=1)
    assert list((site / "compiled" / "__pycache__").iterdir())
    assert module_hash("compiled.t") == before
    (site / "compiled" / "t.py").unlink()
    compileall.compile_file(site / "compiled" / "__init__.py", legacy=True, quiet=1)
    one = module_hash("compiled.t")
    (site / "compiled" / "__init__.pyc").write_bytes(b"other code")
    assert len({before, one, module_hash("compiled.t")}) == 3


def test_a_lone_module_and_one_in_a_namespace(installed: Install) -> None:
    site = installed("spaces", {}, {"lone_one.py": text(), "space_x/inner/t.py": text()})
    assert modules.root("lone_one") == site / "lone_one.py"
    assert modules.root("space_x.inner.t") == site / "space_x" / "inner" / "t.py"
    assert module_hash("lone_one") == module_hash("space_x.inner.t")
    with pytest.raises(ToolError, match=r"nowhere\.t is not on the path"):
        module_hash("nowhere.t")


def test_a_built_in_tool_has_one() -> None:
    assert code_hash(calculator) == code_hash(replace(calculator))
    assert modules.root("localai.tools.builtin.calculator") == Path(modules.HERE, "localai")


def test_the_working_directory_is_not_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend("")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert str(tmp_path) in modules.folders()
    monkeypatch.chdir(tmp_path)
    assert str(tmp_path) not in modules.folders()
    assert modules.HERE in modules.folders()
    monkeypatch.chdir(modules.HERE)
    assert modules.HERE in map(os.path.realpath, modules.folders())


def test_a_working_directory_that_was_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend("relative")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert all(map(os.path.isabs, modules.folders()))
    assert modules.root("localai.tools") == Path(modules.HERE, "localai")


def test_a_place_is_no_part_of_what_is_told() -> None:
    assert code_hash(replace(TOOL, place=Module("localai.tools.place"))) != code_hash(TOOL)
