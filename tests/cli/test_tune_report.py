"""`localai tune report` and `status`: what tunes came to, and where the running one stands."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from localai import paths, tune_process
from localai.cli import output
from localai.store.store import Store
from localai.store.tuning import Progress
from tests.cli.conftest import Run
from tests.morning.nights import BAD, GOOD, HOSTILE, asked, begin, promoted, rejected
from tests.morning.test_page import parsed


def test_the_last_run_that_has_ended_is_told(run: Run) -> None:
    with Store.open() as store:
        promoted(store)
        rejected(store)
        begin(store)
        result = run("tune", "report")
    assert result.exit_code == 0
    assert result.stdout.startswith("# Tune of ")
    assert "It changed nothing; tuned-1 answers as before." in result.stdout
    assert "✗ general: 1 won, 6 lost of 40" in result.stdout


def test_a_run_is_named_by_its_id_its_end_or_its_adapter(run: Run) -> None:
    with Store.open() as store:
        first = promoted(store)
        promoted(store)
    for name in (first.id, first.id[-8:].lower(), "tuned-1"):
        assert "It made tuned-1; tuned-2 answers now." in run("tune", "report", name).stdout
    result = run("tune", "report", "tuned-9")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "There is no one run 'tuned-9'" in result.stderr


def test_it_is_rendered_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open() as store:
        hostile = asked("corrections", HOSTILE, "a", HOSTILE, False, True)
        promoted(store, GOOD | {"answers": [hostile]})
    assert "\x1b" not in run("tune", "report").stdout
    monkeypatch.setattr(output, "can_render", lambda stream: True)
    shown = run("tune", "report").stdout
    assert "# Tune" not in shown
    assert "\x1b]52" not in shown
    assert "tuned-1 answers now." in shown


def test_a_page_goes_into_a_new_file(run: Run, tmp_path: Path) -> None:
    with Store.open() as store:
        promoted(store)
        promoted(store)
    file = tmp_path / "night.html"
    assert run("tune", "report", "--html", str(file)).stdout == f"{file}\n"
    assert {"Loss", "Over time"} <= set(parsed(file.read_text("utf-8")).said.splitlines())
    assert file.stat().st_mode & 0o777 == 0o600
    assert "there already" in run("tune", "report", "--html", str(file)).stderr
    every = tmp_path / "all.html"
    assert run("tune", "report", "--history", "--html", str(every)).exit_code == 0
    assert "All tunes" in parsed(every.read_text("utf-8")).said


def test_all_runs_over_time(run: Run) -> None:
    with Store.open() as store:
        promoted(store)
        rejected(store)
    result = run("tune", "report", "--history")
    assert [line.split(" | ")[1] for line in result.stdout.splitlines()[4:]] == [
        "not promoted",
        "tuned-1",
    ]


def test_as_json(run: Run) -> None:
    with Store.open() as store:
        promoted(store)
        rejected(store)
    told = json.loads(run("tune", "report", "--json").stdout)
    assert (told["state"], told["reason"]) == ("rejected", BAD["reason"])
    assert [shift["by"]["lost"] for shift in told["shifts"]] == [1, 6]
    nights = json.loads(run("tune", "report", "--history", "--json").stdout)
    assert [night["adapter"] for night in nights] == ["tuned-1", ""]


def test_what_makes_no_sense_is_refused(run: Run) -> None:
    for arguments, words in [
        ([], "no runs yet"),
        (["--history"], "no runs yet"),
        (["--history", "tuned-1"], "leave RUN out"),
        (["--json", "--html", "a.html"], "either --html or --json"),
    ]:
        result = run("tune", "report", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr


def logged(log: Path, text: str, later: float = 60.0) -> None:
    """Have a tune's log say that, so many seconds later than now."""
    paths.private_dir(log.parent)
    log.write_text(text)
    os.utime(log, (time.time() + later,) * 2)


def test_the_log_is_that_which_was_written_last(run: Run) -> None:
    def told() -> list[str]:
        return list(json.loads(run("tune", "status", "--json").stdout)["log"])

    assert told() == []
    logged(tune_process.log(), "of the app\n", -30.0)
    assert told() == ["of the app"]
    logged(paths.night_log(), "of the night\n")
    assert told() == ["of the night"]
    logged(tune_process.log(), "", 90.0)  # just begun, or forgotten
    assert told() == ["of the night"]
    with Store.open() as store:
        begin(store)
        logged(paths.night_log(), "of a night before\n", -30.0)
        assert told() == []
        logged(tune_process.log(), "of the app\n")
        assert told() == ["of the app"]


def test_a_running_tune_is_told_with_the_logs_tail(run: Run) -> None:
    logged(
        tune_process.log(), "".join(f"line {n}\n\n" for n in range(9)) + "\x1b]52;c;aGk=\x07end\n"
    )
    with Store.open() as store:
        begun = begin(store)
        progress = Progress("training", 43, 100, 1.2, 146.0, 190.0, 1_800_000_000, "paused")
        store.update_run(begun.id, progress)
        result = run("tune", "status")
        told = json.loads(run("tune", "status", "--json").stdout)
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Running since ")
    assert lines[1].startswith("Training ")
    assert lines[1].endswith("43/100  loss 1.20  146 tokens/s  1.8 GB  3 min left")
    assert lines[2] == "It is paused while you chat."
    assert lines[4:] == ["Log:", *(f"  line {n}" for n in range(5, 9)), "  end"]
    assert (told["percent"], told["seconds_left"], told["turn"]) == (43, 190.0, "paused")
    assert told["process"] is not None
    assert told["log"][-1] == "\x1b]52;c;aGk=\x07end"


def test_without_a_running_one_the_last_end_is_told(run: Run) -> None:
    result = run("tune", "status")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no runs yet" in result.stderr
    assert json.loads(run("tune", "status", "--json").stdout) == {"state": None, "log": []}
    with Store.open() as store:
        promoted(store)
    head, reason, advice = run("tune", "status").stdout.splitlines()
    assert head.startswith("No tune is running. The last one ended ")
    assert head.endswith(". Promoted: tuned-1.")
    assert reason == GOOD["reason"]
    assert "localai tune report" in advice
    told = json.loads(run("tune", "status", "--json").stdout)
    assert (told["state"], told["adapter"], told["process"]) == ("promoted", "tuned-1", None)
