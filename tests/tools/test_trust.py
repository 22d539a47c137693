"""Trusting files: what is shown before, what is refused, what holds afterwards."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from localai import paths
from localai.config import ToolSettings
from localai.errors import ConfigError, ToolError
from localai.tools import owned, registry, trust, trusted
from tests.tools.conftest import Install, Write
from tests.tools.plugged import HEAD, leaves, text, write

pytestmark = pytest.mark.usefixtures("home")
NONE = ToolSettings()


def state(name: str) -> tuple[str, str]:
    """How a tool stands, and why."""
    found = registry.find(name, NONE)
    return found.state, found.why


def test_nothing_runs_before_it_is_pinned(written: Write, tmp_path: Path) -> None:
    path = written("words.py", text(effects="('reads',)", more=leaves(tmp_path / "ran")))
    found = trust.look(path)
    assert [(t.name, t.effects) for t in found.candidates[0].tools] == [
        ("words", frozenset({"reads"}))
    ]
    assert not (tmp_path / "ran").exists()
    trust.pin(found)
    assert (tmp_path / "ran").exists()
    assert state("words") == ("on", "")
    assert paths.trusted().stat().st_mode & 0o077 == 0


def test_a_file_that_changes_waits_to_be_trusted_again(written: Write) -> None:
    path = written("words.py", text())
    trust.pin(trust.look(path))
    path.write_text(text(body="return text + text"))
    changed, why = state("words")
    assert changed == "changed"
    assert f"localai tools trust {path}" in why
    assert "words" not in {tool.name for tool in registry.offered(NONE)}
    trust.pin(trust.look(path))
    assert state("words") == ("on", "")
    assert len(trusted.pins()) == 1
    path.unlink()
    assert state("words")[0] == "broken"
    assert "put it back" in state("words")[1]


def test_a_folder_is_trusted_as_it_is_now(written: Write) -> None:
    folder = written("words.py", text()).parent
    written("test_words.py", text("test"))
    written("plain.py", "x = 1\n")
    written("wards.py", text("wards"))
    found = trust.look(folder)
    assert [Path(each.path).name for each in found.candidates] == ["wards.py", "words.py"]
    assert len(found.left_out) == 1
    assert "plain.py defines no tool" in found.left_out[0]
    trust.pin(found)
    written("later.py", text("later"))
    with pytest.raises(ToolError, match="no tool 'later'"):
        registry.find("later", NONE)
    (folder / "wards.py").unlink()
    trust.pin(trust.look(folder))
    assert {pin.tools for pin in trusted.pins()} == {("words",), ("later",)}


def test_trust_can_be_taken_back(written: Write) -> None:
    path = written("words.py", text())
    trust.pin(trust.look(written("wards.py", text("wards"))))
    trust.pin(trust.look(path))
    assert [pin.path for pin in trust.remove(path)] == [str(path)]
    assert [pin.tools for pin in trusted.pins()] == [("wards",)]
    path.with_name("wards.py").unlink()
    assert len(trust.remove(path.parent)) == 1
    with pytest.raises(ToolError, match="Nothing at"):
        trust.remove(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("words.txt", text(), "is no Python file"),
        ("words.py", "x = 1", "defines no tool"),
        ("words.py", "def", "is no Python that can be read in line 1"),
        ("words.py", text("clock"), "defines clock, which localai itself has already"),
        ("words.py", text() + text().replace(HEAD, ""), "which .*words.py has already"),
        ("words.py", text("wards"), "defines wards, which wordtools 1.0 has already"),
    ],
)
def test_what_cannot_be_trusted(
    written: Write, installed: Install, name: str, content: str, said: str
) -> None:
    installed("wordtools", {"wards": "wordtools:wards"}, {"wordtools.py": text("wards")})
    with pytest.raises(ToolError, match=said):
        trust.look(written(name, content))
    assert trusted.pins() == ()


def test_a_name_that_another_trusted_file_has(written: Write) -> None:
    trust.pin(trust.look(written("words.py", text())))
    with pytest.raises(ToolError, match=r"more\.py defines words, which .*words\.py has already"):
        trust.look(written("more.py", text()))


def test_what_others_can_write_to(written: Write) -> None:
    path = written("words.py", text())
    for place in (path, path.parent):
        mode = place.stat().st_mode
        place.chmod(mode | 0o020)
        for given in (path, path.parent):
            with pytest.raises(ToolError, match=f"chmod go-w {place}"):
                trust.look(given)
        place.chmod(mode)
    assert trust.look(path).candidates


def test_what_others_may_write_to_by_right_is_not_to_be_closed(
    written: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written("words.py", text())
    path.parent.chmod(0o1777)
    advice = "can be written by others; copy what you need into a folder of your own"
    for given in (path, path.parent):
        with pytest.raises(ToolError, match=f"{path.parent} {advice}"):
            trust.look(given)
    path.parent.chmod(0o770)
    monkeypatch.setattr(owned, "foreign", lambda found: False)  # as if it were the system's
    monkeypatch.setattr(os, "getuid", lambda: STRANGER)
    with pytest.raises(ToolError, match=f"{path.parent} {advice}"):
        trust.look(path)


STRANGER = 4242


def give_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a file somebody else's; who may not do so becomes somebody else."""
    if os.getuid() == 0:
        os.chown(path, STRANGER, -1)
    else:
        monkeypatch.setattr(os, "getuid", lambda: STRANGER)


@pytest.mark.parametrize("what", ["list", "folder"])
def test_a_list_of_somebody_else_is_not_relied_on(
    written: Write, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust.pin(trust.look(written("words.py", text())))
    place = paths.trusted() if what == "list" else paths.trusted().parent
    give_away(place, monkeypatch)
    with pytest.raises(ConfigError, match="belongs to somebody else"):
        trusted.pins()


def test_a_list_in_a_folder_that_others_can_write_to_is_not_relied_on(written: Write) -> None:
    folder = paths.private_dir(paths.trusted().parent)
    found = trust.look(written("words.py", text()))
    folder.chmod(0o770)
    with pytest.raises(ConfigError, match=f"can be written by others.* chmod go-w {folder}"):
        trust.pin(found)
    folder.chmod(0o1777)  # others cannot replace it there
    trust.pin(found)
    assert len(trusted.pins()) == 1
    folder.chmod(0o777)
    with pytest.raises(ConfigError, match=f"can be written by others.* chmod go-w {folder}"):
        trusted.pins()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (text(more="raise KeyError('x')"), "cannot be loaded"),
        (text() + "hidden = tool(lambda: 1)\n", "cannot be loaded"),
        (text() + "\nif True:\n    @tool\n    def more():\n        'Do.'\n", "other tools than"),
        (text().replace("effects=()", "effects=('rea' + 'ds',)"), "other tools than"),
    ],
)
def test_what_is_not_as_it_was_shown_is_not_trusted(
    written: Write, content: str, said: str
) -> None:
    with pytest.raises(ToolError, match=said):
        trust.pin(trust.look(written("words.py", content)))
    assert trusted.pins() == ()


def test_what_changes_between_look_and_pin_is_not_trusted(written: Write) -> None:
    path = written("words.py", text())
    found = trust.look(path)
    path.write_text(text(body="return 'other'"))
    with pytest.raises(ToolError, match="has changed"):
        trust.pin(found)
    assert trusted.pins() == ()


def test_a_link_is_followed_once(written: Write, tmp_path: Path) -> None:
    path = written("words.py", text())
    link = tmp_path / "link.py"
    link.symlink_to(path)
    trust.pin(trust.look(link))
    assert [pin.path for pin in trusted.pins()] == [str(path)]


def test_a_link_in_a_folder_is_left_out_and_the_folder_can_be_trusted_again(
    written: Write, tmp_path: Path
) -> None:
    folder = written("words.py", text()).parent
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    outside = write(tmp_path / "elsewhere" / "wards.py", text("wards"))
    (folder / "wards.py").symlink_to(outside)
    for _ in range(2):
        found = trust.look(folder)
        assert found.left_out == (f"{folder / 'wards.py'} is a link; trust the file itself.",)
        trust.pin(found)
    assert [pin.tools for pin in trusted.pins()] == [("words",)]
    trust.pin(trust.look(folder / "wards.py"))
    trust.pin(trust.look(folder))
    assert {pin.tools for pin in trusted.pins()} == {("words",), ("wards",)}


def test_removing_a_folder_finds_what_its_links_lead_to(written: Write, tmp_path: Path) -> None:
    """As an earlier localai trusted them with the folder."""
    folder = written("words.py", text()).parent
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    outside = write(tmp_path / "elsewhere" / "wards.py", text("wards"))
    (folder / "wards.py").symlink_to(outside)
    trust.pin(trust.look(folder))
    trust.pin(trust.look(outside))
    assert {pin.path for pin in trust.remove(folder)} == {str(outside), str(folder / "words.py")}
    assert trusted.pins() == ()


GOOD = f'[[file]]\npath = "/x.py"\nsha256 = "{"0" * 64}"\ntools = ["x"]\n'


@pytest.mark.parametrize(
    "content",
    [
        "x",
        "other = 1\n",
        "file = 3\n",
        GOOD + "more = 1\n",
        GOOD.replace("/x.py", "x.py"),
        GOOD.replace("000", "00x"),
        GOOD.replace('["x"]', "[]"),
        GOOD.replace('["x"]', '["x y"]'),
        GOOD.replace("tools", "tool"),
    ],
)
def test_the_list_is_read_strictly(content: str) -> None:
    paths.private_dir(paths.trusted().parent)
    paths.trusted().write_text(GOOD)
    paths.trusted().chmod(0o600)
    assert len(trusted.pins()) == 1
    paths.trusted().write_text(content)
    with pytest.raises(ConfigError, match=r"trusted tools in .*trusted\.toml cannot be read"):
        trusted.pins()
    paths.trusted().chmod(0o666)
    with pytest.raises(ConfigError, match="can be written by others"):
        trusted.pins()
