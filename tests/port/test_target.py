"""What an export is written to: for the owner alone, whole, and never over anything."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from localai.port.sources import PortError
from localai.port.target import new_file, new_path


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    """What programs that embed this may have set."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture(params=[True, False], ids=["links", "no links"])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has hard links, and one that has none."""
    if not request.param:
        monkeypatch.setattr(os, "link", refuse)


def refuse(source: Path, target: Path) -> None:
    raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("links")
def test_a_file_is_the_owners_alone(tmp_path: Path) -> None:
    with new_path(tmp_path / "made") as partial:
        partial.write_text("something")
    with new_file(tmp_path / "text") as write:
        write("something")
    for name in ("made", "text"):
        assert (tmp_path / name).read_text() == "something"
        assert mode(tmp_path / name) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["made", "text"]


def test_a_folder_is_the_owners_alone(tmp_path: Path) -> None:
    with new_path(tmp_path / "made") as partial:
        partial.mkdir()
        (partial / "file").write_text("something")
    assert (mode(tmp_path / "made"), mode(tmp_path / "made" / "file")) == (0o700, 0o600)


@pytest.mark.usefixtures("links")
def test_a_name_that_is_taken_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "made"
    with pytest.raises(PortError, match="is there already"):
        write_while_somebody_takes(path)
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


def write_while_somebody_takes(path: Path) -> None:
    with new_path(path) as partial:
        partial.write_text("new")
        path.write_text("theirs")
