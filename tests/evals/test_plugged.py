"""Tasks of installed packages: found by their entry points, imported only when they are asked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from localai.errors import UsageError
from localai.evals import plugged
from localai.evals.tasks import TASKS, find
from tests.tools.plugged import install, leaves

TASK = """
from localai.evals.task import Example, Measure, Task

TASK = Task(
    name="other",
    about="Words that rhyme.",
    measures=(Measure("right", "it rhymes"),),
    examples=lambda place, pool: (Example(id="a", question="What rhymes with house?"),),
    score=lambda example, answers: {"right": float("mouse" in answers[0].text)},
)
"""


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, text: str) -> Path:
    """A package with one task called rhymes, on the path."""
    points = {"rhymes": f"{module}:TASK"}
    site = install(folder, f"{module}-tasks", points, {f"{module}.py": text}, plugged.GROUP)
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, module, raising=False)
    return site


def test_a_task_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plugged.find("rhymes") is None
    mark = tmp_path / "ran"
    installed(tmp_path, monkeypatch, "rhymes_one", leaves(mark) + TASK)
    assert plugged.names() == ("rhymes",)
    with pytest.raises(UsageError, match=r"there are: .*, rhymes\."):
        find("none")
    assert not mark.exists()
    task = find("rhymes")
    assert (task.name, task.about) == ("rhymes", "Words that rhyme.")
    assert mark.exists()


def test_our_own_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = installed(tmp_path, monkeypatch, "rhymes_two", TASK)
    install(site, "more", {"hygiene": "rhymes_two:TASK"}, {}, plugged.GROUP)
    assert "hygiene" in plugged.names()
    assert find("hygiene").measures != find("rhymes").measures
    assert set(TASKS) >= {"hygiene", "retention", "corrections"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise ValueError('no rhymes')", "cannot be loaded .no rhymes."),
        ("TASK = 3", "has no task rhymes; tell its author"),
        ("", "cannot be loaded"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    installed(tmp_path, monkeypatch, "rhymes_three", text)
    with pytest.raises(UsageError, match=why):
        find("rhymes")


def test_a_module_of_the_working_directory_is_never_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path / "site", monkeypatch, "rhymes_four", TASK)
    here, mark = tmp_path / "here", tmp_path / "ran"
    here.mkdir()
    (here / "rhymes_four.py").write_text(leaves(mark) + TASK)
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    with pytest.raises(UsageError, match="run localai from another folder"):
        find("rhymes")
    assert not mark.exists()


def test_no_package_passes_off_a_part_of_localai(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = install(tmp_path, "bad", {"bad": "localai.evals.tasks:TASKS"}, {}, plugged.GROUP)
    monkeypatch.syspath_prepend(site)
    with pytest.raises(UsageError, match="is not loaded"):
        find("bad")
