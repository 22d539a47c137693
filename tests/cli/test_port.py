"""`localai history import` and `export` as they are typed."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from localai import paths
from localai.port import reading
from localai.store.store import Store
from tests.cli.conftest import Engine, Run
from tests.port import samples


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A download of ChatGPT with one conversation and one broken entry."""
    return samples.zipped(tmp_path / "export.zip", conversations=[samples.talk(), {"mapping": 5}])


def test_an_import_says_what_it_did(run: Run, export: Path) -> None:
    result = run("history", "import", str(export))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == (
        "Added 2 messages in 1 conversation (ChatGPT: 1).\n"
        "Skipped 1: its mapping is no JSON object (conversation 2).\n"
    )
    again = run("history", "import", str(export))
    assert again.stderr.splitlines()[:2] == [
        "Added 0 messages in 0 conversations (ChatGPT: 1).",
        "2 messages here already.",
    ]
    assert "At noon." in run("history", "show", "latest").stdout


def test_an_import_as_json_and_dry(run: Run, export: Path) -> None:
    told = json.loads(run("history", "import", "--json", "--dry-run", str(export)).stdout)
    assert (told["dry_run"], told["conversations_added"], told["messages_added"]) == (True, 1, 2)
    assert told["skipped"] == [
        {"reason": "its mapping is no JSON object", "count": 1, "places": ["conversation 2"]}
    ]
    assert run("history", "list").stdout == ""
    done = json.loads(run("history", "import", "--json", str(export)).stdout)
    assert done == told | {"dry_run": False}


@pytest.mark.parametrize("content", [None, "", "nothing", "[]", "\x1b]0;x\x07"])
def test_nothing_that_can_be_read_is_a_failure(
    run: Run, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)
    result = run("history", "import", str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert str(path) in result.stderr
    assert "\x1b" not in result.stderr


def test_what_is_exported_can_be_imported_elsewhere(
    run: Run, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("history", "import", str(export))
    file = tmp_path / "out.json"
    result = run("history", "export", "--all", "--format", "json", "-o", str(file))
    assert (result.stdout, result.stderr) == ("", f"Wrote 1 conversation to {file}\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "other"))
    assert run("history", "import", str(file)).exit_code == 0
    assert run("history", "export", "--all", "--format", "json").stdout == file.read_text("utf-8")


def test_an_export_never_overwrites(run: Run, export: Path, tmp_path: Path) -> None:
    run("history", "import", str(export))
    file = tmp_path / "mine.md"
    file.write_text("mine")
    result = run("history", "export", "latest", "-o", str(file))
    assert (result.exit_code, file.read_text()) == (1, "mine")
    assert "is there already" in result.stderr
    assert run("history", "export", "latest", "-o", str(tmp_path / "no" / "x")).exit_code == 1
    assert sorted(each.name for each in tmp_path.glob("*.partial")) == []


def test_which_conversations_must_be_said(run: Run, export: Path) -> None:
    assert run("history", "export").exit_code == 2
    assert run("history", "export", "--all", "latest").exit_code == 2
    run("history", "import", str(export))
    markdown = run("history", "export", "latest", "latest").stdout
    assert markdown.count("# Tides") == 1
    assert "## Model (gpt-4o)\n\nAt noon.\n" in markdown


def test_a_stop_keeps_what_was_added(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(store: Store) -> None:
        raise KeyboardInterrupt

    path = samples.lines(tmp_path / "x", *(samples.openai(f"q{n}", "a") for n in range(20)))
    monkeypatch.setattr(reading, "BATCH", 10)
    monkeypatch.setattr(reading, "FOLD_AFTER", 1)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "fold_log", stop)
        result = run("history", "import", str(path))
    assert result.exit_code == 130
    assert result.stderr == "Stopped after 10 messages, which stay; the same command goes on.\n"
    assert len(run("history", "list").stdout.splitlines()) == 5
    assert "30 messages in 15" in run("history", "import", str(path)).stderr


def test_an_imported_conversation_is_gone_on_with(run: Run, tmp_path: Path) -> None:
    node = samples.node
    talk = samples.chatgpt(
        node("q", "root", text="Hi"),
        node("c", "q", "assistant", "search me", recipient="browser"),
        node("c2", "c", "assistant", "again", recipient="browser"),
        node("r", "c2", "tool", "a page"),
        node("r2", "r", "tool", "another page"),
        node("a", "r2", "assistant", "Well."),
        node("a2", "a", "assistant", "Done."),
    )
    run("history", "import", str(samples.lines(tmp_path / "x", talk)))
    engine = Engine(["Bye!"])
    result = run("ask", "-c", "So?", engine=engine)
    assert (result.exit_code, result.stdout) == (0, "Bye!\n")
    assert "Done." in engine.prompt()


def test_times_that_no_clock_has_shown_are_shown_all_the_same(run: Run, export: Path) -> None:
    """An earlier localai took them in."""
    run("history", "import", str(export))
    with Store.open(paths.database(paths.home())) as store, store._db.write() as db:
        db.execute("UPDATE messages SET created = 1e300")
        db.execute("UPDATE conversations SET created = -1e300, updated = 1e300")
    for told in (["list"], ["list", "--json"], ["search", "noon"], ["search", "--json", "noon"]):
        result = run("history", *told)
        assert result.exit_code == 0
        assert "2999-12-31" in result.stdout or "3000-01-01" in result.stdout
    for form in ("md", "html", "json"):
        assert run("history", "export", "--all", "--format", form).exit_code == 0


def test_corrections_from_elsewhere_teach_when_they_are_trusted(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("ask", "Hi", engine=Engine(["Ho"]))
    with Store.open(paths.database(paths.home())) as store:
        [talk] = store.conversations()
        store.add_correction(talk.leaf, "Hello")
    file = tmp_path / "out.json"
    run("history", "export", "--all", "--format", "json", "-o", str(file))
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "other"))
    told = run("history", "import", "--dry-run", str(file)).stderr.splitlines()
    assert told[1:] == [
        "1 correction would be brought along but is not learned from; --trust takes it as yours."
    ]
    told = run("history", "import", str(file)).stderr.splitlines()
    assert told[1:] == [
        "1 correction was brought along but is not learned from; --trust takes it as yours."
    ]
    pairs = run("history", "export", "--all", "--format", "pairs")
    assert (pairs.stdout, pairs.stderr) == ("", "No correction is in force.\n")
    told = run("history", "import", "--trust", str(file)).stderr.splitlines()
    assert told[-1] == "1 correction was taken as yours, to be learned from."
    assert "Hello" in run("history", "export", "--all", "--format", "pairs").stdout
    again = json.loads(run("history", "import", "--trust", "--json", str(file)).stdout)
    assert (again["corrections"], again["trust"]) == (0, True)


def test_nothing_to_export_is_no_error(run: Run, export: Path) -> None:
    empty = run("history", "export", "--all")
    assert (empty.exit_code, empty.stdout) == (0, "")
    assert empty.stderr == "There are no conversations yet.\n"
    run("history", "import", str(export))
    pairs = run("history", "export", "--all", "--format", "pairs")
    assert (pairs.stdout, pairs.stderr) == ("", "No correction is in force.\n")


def test_a_data_set_is_made_of_what_is_imported(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "talks.jsonl"
    turns = '{"role": "user", "content": "%s"}, {"role": "assistant", "content": "Ay"}'
    talk = f'{{"messages": [{turns}]}}\n'
    file.write_text(talk % "One" + talk % "Two")
    dry = run("history", "import", str(file), "--as-training", "pirate", "--dry-run")
    assert "2 conversations would wait in the data set pirate" in dry.stderr
    done = run("history", "import", str(file), "--as-training", "pirate")
    assert "localai data accept --set pirate" in done.stderr
    with Store.open() as store:
        found = store.examples(name="pirate")
        assert [(each.state, each.source) for each in found] == [("pending", "imported")] * 2
        assert store.examples(name="") == ()
    again = run("history", "import", str(file), "--as-training", "pirate", "--json")
    assert json.loads(again.stdout)["examples"] == 0


def test_a_fork_alone_brings_what_it_shares(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("ask", "Hi", engine=Engine(["Ho"]))
    run("ask", "-c", "What else?", engine=Engine(["Nothing."]))
    with Store.open(paths.database(paths.home())) as store:
        [talk] = store.conversations()
        first = store.path(talk.leaf)[1].id
    fork = run("history", "fork", "latest", "--at", first).stdout.strip()
    run("ask", "-c", "Why?", engine=Engine(["Because."]))
    file = tmp_path / "fork.json"
    told = run("history", "export", fork, "--format", "json", "-o", str(file)).stderr
    assert told == f"Wrote 1 conversation to {file}\n"
    assert "Nothing." not in file.read_text("utf-8")
    shown = run("history", "show", fork, "--json").stdout
    assert json.loads(run("history", "import", "--json", str(file)).stdout)["messages_added"] == 0
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "other"))
    for option in ("--dry-run", "--trust"):
        told = json.loads(run("history", "import", "--json", option, str(file)).stdout)
        assert (told["messages_added"], told["skipped"]) == (4, [])
    assert run("history", "show", fork, "--json").stdout == shown
