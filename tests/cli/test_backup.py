from __future__ import annotations

import json
from pathlib import Path

import pytest

from localai.store.backup import back_up
from localai.store.store import Store
from localai.store.upkeep import archive
from tests.cli.conftest import Run


def ids(run: Run) -> list[str]:
    return [row["id"] for row in json.loads(run("history", "list", "--json").stdout)]


def test_backed_up_and_restored(run: Run, home: Path, tmp_path: Path) -> None:
    run("ask", "one")
    before = ids(run)
    made = run("backup", str(tmp_path / "mine.tar"))
    assert made.stdout == f"{tmp_path / 'mine.tar'}\n"
    assert made.stderr == "Backed up and read back: 1 conversation, 2 messages, 0 adapters.\n"
    run("ask", "two")
    refused = run("restore", str(tmp_path / "mine.tar"))
    assert refused.exit_code == 2
    assert "The backup is whole: 1 conversations, 2 messages" in refused.stderr
    assert len(ids(run)) == 2
    done = run("restore", str(tmp_path / "mine.tar"), "--yes")
    assert done.exit_code == 0
    assert ids(run) == before
    kept = Path(done.stderr.splitlines()[-1].removeprefix("What was there before is in "))
    assert archive.verify(kept).conversations == 2


def test_restored_settings_are_told(run: Run, home: Path, tmp_path: Path) -> None:
    run("ask", "one")
    settings = home / "config.toml"
    before = settings.read_text("utf-8") if settings.exists() else ""
    settings.write_text(before + '\n[mcp.evil]\ncommand = ["/bin/true", "x"]\n', "utf-8")
    run("backup", str(tmp_path / "mine.tar"))
    settings.write_text(before + "\n# mine\n", "utf-8")
    refused = run("restore", str(tmp_path / "mine.tar"))
    assert "\n  evil: /bin/true x\n" in refused.stderr
    done = run("restore", str(tmp_path / "mine.tar"), "--yes")
    (line,) = (each for each in done.stderr.splitlines() if "settings before" in each)
    assert Path(line.rpartition(" in ")[2]).read_text("utf-8") == before + "\n# mine\n"


def test_merging(run: Run, tmp_path: Path) -> None:
    run("ask", "one")
    run("backup", str(tmp_path))
    (made,) = tmp_path.glob("*.tar")
    run("history", "rm", "--purge", "--yes", "latest")
    run("ask", "two")
    merged = run("restore", "--merge", str(made))
    assert merged.stderr == "Added 1 conversations with 2 messages; 0 were there already.\n"
    again = run("restore", "--merge", str(made))
    assert again.stderr == "Added 0 conversations with 0 messages; 1 were there already.\n"
    assert len(ids(run)) == 2


def test_the_list(run: Run, home: Path) -> None:
    assert "no backups yet" in run("backup", "--list").stderr
    made = run("backup").stdout.strip()
    (line,) = run("backup", "--list").stdout.splitlines()
    assert line.split("\t")[0] == made
    assert Path(made).parent == home / "backups"


@pytest.mark.parametrize(
    "arguments",
    [
        ("backup", "config.toml"),
        ("backup", "x.zip"),
        ("backup", "--list", "x.tar"),
        ("restore", "none.tar"),
        ("restore", "config.toml"),
    ],
)
def test_what_makes_no_sense(
    run: Run, home: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    (home / "config.toml").write_text("", "utf-8")
    result = run(*arguments)
    assert result.exit_code in (1, 2)
    assert result.stderr.count("\n") == 1
    assert (home / "config.toml").read_text("utf-8") == ""


def test_a_damaged_history_is_repaired(run: Run, home: Path) -> None:
    run("ask", "one")
    assert "Nothing is wrong" in run("doctor", "--repair").stderr
    path = home / "localai.db"
    path.write_bytes(b"\xff" * 100 + path.read_bytes()[100:])
    broken = run("history", "list")
    assert broken.exit_code == 1
    assert "localai doctor --repair" in broken.stderr
    done = run("doctor", "--repair")
    assert "        2  messages\n" in done.stdout
    assert "is kept as" in done.stderr
    assert len(ids(run)) == 1
    assert run("doctor", "--repair", "--json").exit_code == 2


def test_a_repair_takes_what_is_lost_from_the_daily_backup(run: Run, home: Path) -> None:
    run("ask", "one")
    path = home / "localai.db"
    with Store.open(path) as store:
        daily = back_up(store._db.connection, path, "daily")
    path.write_bytes(path.read_bytes()[:8192])
    done = run("doctor", "--repair")
    assert "        2  messages\n" in done.stdout
    assert f"are from the backup {daily}." in done.stderr
    assert "restore --merge" not in done.stderr  # it has no more
