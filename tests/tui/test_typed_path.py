from __future__ import annotations

from pathlib import Path

import pytest

from tui.typed_path import completed, shown, typed


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is home and the present one."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a.zip", "a.zip"),
        ("  /x/a.zip\n", "/x/a.zip"),
        ("'/x/my file.zip'", "/x/my file.zip"),
        ('"/x/it\'s.zip"', "/x/it's.zip"),
        ("/x/my\\ file\\(1\\).zip", "/x/my file(1).zip"),
        ("file:///x/my%20file.zip", "/x/my file.zip"),
        ("file://localhost/x/a.zip", "/x/a.zip"),
        ("~nobody-of-that-name/a", "~nobody-of-that-name/a"),
        ("a\x1b]0;x\x07.zip", "a.zip"),
        ("'", "'"),
    ],
)
def test_paths_are_read_as_people_write_them(text: str, path: str) -> None:
    assert typed(text) == Path(path)


def test_home_is_written_short(here: Path) -> None:
    assert typed("~/a.zip") == here / "a.zip"
    assert shown(here / "a.zip") == "~/a.zip"
    assert shown(Path("/x/a.zip")) == "/x/a.zip"
    assert typed(shown(here / "a b")) == here / "a b"


def test_a_backslash_in_a_name_that_is_there_stays(here: Path) -> None:
    (here / "a\\ b").touch()
    assert typed("a\\ b") == Path("a\\ b")


def test_a_path_is_completed_to_what_is_there(here: Path) -> None:
    (here / "Downloads").mkdir()
    for name in ("data.zip", "data.txt", "Data.JSON", ".hidden.zip", "Downloads/b.zip"):
        (here / name).touch()
    assert completed("da", (".zip",)) == "data.zip"
    assert completed("Da", (".zip", ".json")) == "Data.JSON"
    assert completed("D", (".zip",)) == "Downloads/"
    assert completed("~/Downloads/", (".zip",)) == "~/Downloads/b.zip"
    assert completed(f"{here}/dat", (".txt",)) == f"{here}/data.txt"
    assert completed(".", (".zip",)) == ".hidden.zip"


@pytest.mark.parametrize("text", ["", "x", "~", "'da", "nowhere/x", "data.zip/x", "a\0b/c"])
def test_there_may_be_nothing_to_complete_to(here: Path, text: str) -> None:
    (here / "data.zip").touch()
    assert completed(text, (".zip",)) is None


def test_names_that_would_drive_the_terminal_are_not_suggested(here: Path) -> None:
    (here / "d\x1b[2J.zip").touch()
    assert completed("d", (".zip",)) is None
