"""Which tools there are of every kind, how each stands, and that listing runs nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from localai import paths
from localai.config import ToolSettings
from localai.errors import ToolError
from localai.tools import registry, sandbox, trust, trusted
from localai.tools.outcome import Limits, Outcome
from localai.tools.place import File, Module
from localai.tools.plugin import Listed
from localai.tools.trusted import Pin
from tests.tools.conftest import Install, Write
from tests.tools.plugged import leaves, text

pytestmark = pytest.mark.usefixtures("home")
NONE = ToolSettings()


def plugins(settings: ToolSettings = NONE) -> dict[str, Listed]:
    """What is listed beside the built-in tools; the first of a name."""
    found = registry.tools(settings)[len(registry.BUILTIN) :]
    return {each.name: each for each in reversed(found)}


def offered(settings: ToolSettings = NONE) -> set[str]:
    return {tool.name for tool in registry.offered(settings)} - set(registry.BUILTIN)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what a process was started for."""
    names: list[str] = []
    real = sandbox.describe

    def describe(
        place: Module | File, limits: Limits, stop: threading.Event | None = None
    ) -> Outcome:
        names.append(place.module if isinstance(place, Module) else place.path)
        return real(place, limits, stop)

    monkeypatch.setattr(sandbox, "describe", describe)
    return names


def test_a_built_in_tool_is_on_when_what_it_needs_is_allowed() -> None:
    def on(settings: ToolSettings) -> set[str]:
        return {each.name for each in registry.tools(settings) if each.state == "on"}

    every = set(registry.BUILTIN)
    assert {each.name for each in registry.tools(NONE)} == every
    assert on(NONE) == every - {"read_file", "search_notes", "web_fetch"}
    assert on(ToolSettings(folders=[Path("/srv")])) == every - {"web_fetch"}
    assert on(ToolSettings(folders=[Path("/srv")], web_fetch=True)) == every
    assert on(ToolSettings(disabled=["clock"])) == on(NONE) - {"clock"}
    assert {tool.name for tool in registry.offered(NONE)} == on(NONE)


def test_the_index_of_the_notes_goes_when_no_folder_is_allowed(home: Path) -> None:
    home.mkdir(mode=0o700)
    for end in ("", "-wal", "-shm"):
        (home / f"notes.db{end}").write_text("a copy")
    registry.offered(ToolSettings(folders=[Path("/srv")]))
    registry.tools(NONE)
    assert (home / "notes.db").exists()
    registry.offered(NONE)
    assert [path.name for path in home.iterdir()] == ["notes.db.lock"]


def test_each_is_found_under_its_name() -> None:
    for name in registry.BUILTIN:
        assert registry.find(name, NONE).name == name
    with pytest.raises(ToolError, match="did you mean calculator"):
        registry.find("calculater", NONE)


def test_two_hundred_tools_are_listed_without_running_any(
    installed: Install, written: Write, tmp_path: Path, started: list[str]
) -> None:
    ran = leaves(tmp_path / "ran")
    for number in range(100):
        name = f"say_{number}"
        installed(name, {name: f"mod_{name}:{name}"}, {f"mod_{name}.py": text(name, more=ran)})
        path = written(f"tell_{number}.py", text(f"tell_{number}", more=ran))
    found = trust.look(path.parent)
    assert not (tmp_path / "ran").exists()
    pins = [
        Pin(each.path, each.sha256, tuple(tool.name for tool in each.tools))
        for each in found.candidates
    ]
    trusted.change(lambda _: pins)
    listed = plugins()
    assert len(listed) == 200
    assert {each.state for each in listed.values()} == {"new"}
    assert listed["say_7"].why == (
        "From say_7 1.0, not looked at yet; localai tools show say_7 does."
    )
    assert started == []
    assert not (tmp_path / "ran").exists()


def test_what_is_new_is_asked_once_and_then_known(
    installed: Install, tmp_path: Path, started: list[str]
) -> None:
    mark = tmp_path / "ran"
    site = installed(
        "wordtools", {"words": "wordtools:words"}, {"wordtools.py": text(more=leaves(mark))}
    )
    assert offered() == {"words"}
    mark.unlink()
    found = plugins()["words"]
    assert (found.state, found.origin, found.why) == ("on", "wordtools 1.0", "")
    assert found.tool
    assert found.tool.place == Module("wordtools")
    assert found.tool.parameters["required"] == ["text"]
    assert offered() == {"words"}
    assert sandbox.run(found.tool, {"text": "a"}).text == "a"
    assert started == ["wordtools"]
    (site / "wordtools.py").write_text(text(effects="('reads',)"))
    assert plugins()["words"].state == "new"
    (tool,) = (each for each in registry.offered(NONE) if each.name == "words")
    assert tool.effects == {"reads"}
    assert not tool.built_in
    assert paths.tool_cache().stat().st_mode & 0o077 == 0


def test_a_damaged_cache_is_made_anew(installed: Install) -> None:
    installed("wordtools", {"words": "wordtools:words"}, {"wordtools.py": text()})
    assert offered() == {"words"}
    good = paths.tool_cache().read_text()
    for bad in ("{", "[]", good.replace('"object"', '"thing"'), good[:-3], ""):
        paths.tool_cache().write_text(bad)
        assert plugins()["words"].state == "new"
        assert offered() == {"words"}


def test_a_module_named_as_a_whole_gives_all_its_tools(installed: Install) -> None:
    both = text("one") + text("two").replace("from", "#", 1)
    installed("several", {"label": "several_tools"}, {"several_tools.py": both})
    assert set(plugins()) == {"label"}
    assert registry.find("two", NONE).state == "on"
    assert set(plugins()) == offered() == {"one", "two"}


BROKEN = {
    "raises": ("raises:words", "raise KeyError('x')", "cannot be loaded (KeyError: 'x')"),
    "ends": ("ends:words", "import os; os._exit(3)", "ended before it had a result"),
    "lacks": ("lacks:wards", text(), "has no tool wards"),
    "plain": ("plain:words", "def words(): pass", "has no tool words"),
    "untyped": ("untyped:words", text().replace("text: str", "text"), "has no type"),
    "gone": ("gone_away:words", "", "gone_away is not on the path"),
    "odd": ("odd.words()", "", "where a module and a function should stand"),
    "ours": ("localai.tools.builtin.clock:spare", "", "passes off a part of localai"),
    "empty": ("empty", "", "has no tool empty"),
    "forges": (
        "forges:words",
        "from localai.tools.tool import ToolFunction\n"
        "ToolFunction.told = lambda self: {'name': 'words'}\n" + text(),
        "describes a tool in a way that cannot be used",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_says_why_and_disturbs_no_other(installed: Install, name: str) -> None:
    target, content, said = BROKEN[name]
    installed(name, {name: target}, {f"{name}.py": content})
    installed("sound", {"fine": "sound:fine"}, {"sound.py": text("fine")})
    assert offered() == {"fine"}
    found = next(each for each in plugins().values() if each.name != "fine")
    assert found.state == "broken"
    assert said in found.why
    assert found.why.endswith((".", "again."))
    assert "\n" not in found.why


def test_a_broken_one_is_asked_again_only_by_name(installed: Install, started: list[str]) -> None:
    site = installed("late", {"words": "late:words"}, {"late.py": text(more="import later_on")})
    assert offered() == offered() == set()
    assert "localai tools show words tries again" in plugins()["words"].why
    assert started == ["late"]
    (site / "later_on.py").write_text("")
    assert registry.find("words", NONE).state == "on"
    assert offered() == {"words"}


def test_the_first_of_a_name_counts(installed: Install, written: Write) -> None:
    installed("rival", {"words": "rival:words"}, {"rival.py": text()})
    installed("thief", {"clock": "thief:clock"}, {"thief.py": text("clock")})
    path = written("words.py", text("wards"))
    trust.pin(trust.look(path))
    trusted.change(lambda pins: [Pin(p.path, p.sha256, ("words",)) for p in pins])
    every = registry.tools(NONE)
    assert registry.find("clock", NONE).tool == registry.builtin("clock")
    hidden = [each for each in every if each.name == "clock"][1]
    assert hidden.state == "broken"
    assert "has the name of one of localai" in hidden.why
    assert [each.origin for each in every if each.name == "words"] == [str(path), "rival 1.0"]
    assert offered() == set()


def test_the_label_of_what_does_not_work_hides_no_tool(installed: Install) -> None:
    points = {"words": "aaa_tools", "clock": "aaa_more"}
    installed("aaa", points, {"aaa_tools.py": "1 / 0", "aaa_more.py": "1 / 0"})
    installed("bbb", {"words": "bbb_tools:words"}, {"bbb_tools.py": text()})
    assert registry.find("words", NONE).state == "on"
    assert offered() == {"words"}
    found = [each for each in registry.tools(NONE) if each.name == "words"]
    assert [(each.origin, each.state) for each in found] == [
        ("aaa 1.0", "broken"),
        ("bbb 1.0", "on"),
    ]
    assert registry.find("clock", NONE).tool == registry.builtin("clock")


def test_all_names_are_known_whatever_their_state(installed: Install) -> None:
    installed("wordtools", {"words": "wordtools:words"}, {"wordtools.py": "1 / 0"})
    found = registry.names(ToolSettings(disabled=["clock"]))
    assert found == {*registry.BUILTIN, "words"}


def test_a_disabled_tool_is_neither_offered_nor_asked(
    installed: Install, started: list[str]
) -> None:
    installed("wordtools", {"words": "wordtools:words"}, {"wordtools.py": text()})
    settings = ToolSettings(disabled=["words"])
    assert offered(settings) == set()
    assert plugins(settings)["words"].state == "disabled"
    assert started == []


def test_metadata_that_cannot_be_read_hides_its_package_alone(installed: Install) -> None:
    site = installed("bad", {"bad": "bad:bad"}, {})
    (site / "bad-1.0.dist-info" / "entry_points.txt").write_bytes(b"\xff[localai.tools]\n")
    installed("sound", {"fine": "sound:fine"}, {"sound.py": text("fine")})
    assert set(plugins()) == {"fine"}


def test_a_package_in_the_working_directory_is_not_found(
    installed: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = installed("wordtools", {"words": "wordtools:words"}, {"wordtools.py": text()})
    assert set(plugins()) == {"words"}
    monkeypatch.chdir(site)
    assert set(plugins()) == set()
