"""`localai tune --dry-run`: what would be learned, and what it would take."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from localai.conversation import assistant, user
from localai.schedule.deadline import Deadline
from localai.store.rows import Origin
from localai.store.store import Store
from tests.cli.conftest import Run as Command


def test_a_dry_run_shows_what_would_be_learned(run: Command, model: str) -> None:
    tune = ("-m", model, "tune", "--dry-run")
    empty = run(*tune)
    assert empty.exit_code == 2
    assert "nothing to learn yet" in empty.stderr
    with Store.open() as store:
        tree = store.create_conversation().id
        asked = store.add_message(tree, "", user("My cat?")).id
        begun = store.begin_answer(tree, asked, Origin("m"))
        said = store.finish_answer(begun.id, assistant("No idea."), None, "done").id
        store.add_correction(said, "It is \x1b[31mMinka.")
    shown = run(*tune)
    assert shown.exit_code == 0
    assert shown.stdout.startswith("My cat?\n  learned: It is Minka.<|im_end|>\n  asked in ")
    assert shown.stderr.startswith("1 accepted example, asked in ")
    (found,) = json.loads(run(*tune, "--json").stdout)
    assert {each["learned"] for each in found["examples"]} == {"It is \x1b[31mMinka.<|im_end|>"}
    with Store.open() as store:
        assert store.runs() == ()
        store.write_example((user("Hello"), assistant("Ahoy!")), name="pirate")
    shown = run(*tune, "--data", "pirate")
    assert shown.stdout == "Hello\n  learned: Ahoy!<|im_end|>\n  asked in 1 way\n\n"
    assert "data set cats" in run(*tune, "--data", "cats").stderr


def test_it_is_of_the_model_that_is_named(
    run: Command, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALAI_MODEL", "no-such-model")
    with Store.open() as store:
        store.write_example((user("My cat?"), assistant("Minka.")))
    for arguments in (["--for", model], ["-m", model], ["-m", model, "--for", model]):
        where = arguments.index("--for") if "--for" in arguments else len(arguments)
        result = run(*arguments[:where], "tune", *arguments[where:], "--dry-run", "--estimate")
        assert result.exit_code == 0, result.stderr
        assert "as this model has had no run yet" in result.stdout
    both = run("-m", "another", "tune", "--for", model, "--dry-run")
    assert both.exit_code == 2
    assert "leave one of them out" in both.stderr


def test_options_of_a_dry_run_are_refused_elsewhere(run: Command) -> None:
    assert "--json is for --dry-run" in run("tune", "--json").stderr
    assert "--estimate is for --dry-run" in run("tune", "--estimate").stderr
    assert run("tune", "--dry-run", "list").exit_code == 2
    assert "--preset belongs to" in run("tune", "--preset", "quick", "list").stderr


def test_a_dry_run_tells_of_duplicates(run: Command, model: str) -> None:
    with Store.open() as store:
        for question in ("My cat?", "my cat"):
            store.write_example((user(question), assistant("Minka.")))
    shown = run("-m", model, "tune", "--dry-run")
    assert shown.stdout.startswith("My cat?\n  left out: Another example says the same.\n")
    assert "1 duplicate left out; of what says the same the newest stays." in shown.stderr
    assert "\n1 accepted example, asked in " in shown.stderr
    older, newer = json.loads(run("-m", model, "tune", "--dry-run", "--json").stdout)
    assert (older["left_out"], older["examples"]) == ("Another example says the same.", [])
    assert newer["left_out"] is None


def test_a_dry_run_tells_what_the_run_would_take(run: Command, model: str, base: str) -> None:
    with Store.open() as store:
        store.write_example((user("My cat?"), assistant("Minka.")))
    tune = ("-m", model, "tune", "--dry-run", "--estimate")
    result = run(*tune)
    assert result.exit_code == 0
    assert result.stdout.startswith("8 examples of ")
    assert "An estimate by rule of thumb for a CPU" in result.stdout
    assert result.stdout.splitlines()[1] in run(*tune[:-1]).stderr.splitlines()
    found = json.loads(run(*tune, "--json").stdout)
    assert (found["examples"], found["supervised"], found["from_runs"]) == (8, 24, 0)
    with Store.open() as store:
        begun = store.begin_run("toy", base, {"options": {"tokens": 10}})
        store.add_metric(begun.id, 1, {"tokens_per_second": 1.0})
        store.end_run(begun.id, "rejected", verdict={"memory": 2_000_000_000})
    assert "An estimate from 1 run of this model: " in run(*tune).stdout
    found = json.loads(run(*tune, "--json").stdout)
    assert (found["from_runs"], found["memory"]) == (1, 2_000_000_000)
    # What the ways to ask begin with is read once in a step; nine tenths of it are replay.
    once = found["tokens"] / 0.1
    assert once < found["training_seconds"] < 2 * once
    nightly, quick = (
        json.loads(run(*tune, "--json", "--preset", name).stdout) for name in ("night", "quick")
    )
    assert nightly == found
    assert quick["training_seconds"] == pytest.approx(min(420, found["training_seconds"] / 2))


def test_a_time_of_day_counts_as_a_budget(
    run: Command, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open() as store:
        store.write_example((user("My cat?"), assistant("Minka.")))
    monkeypatch.setattr(Deadline, "left", lambda _: 1e-6)
    tune = ("-m", model, "tune", "--dry-run", "--estimate", "--json")
    found = json.loads(run(*tune, "--until", "06:30").stdout)
    assert found["training_seconds"] == pytest.approx(7e-7)


def test_rounds_are_estimated_too(run: Command, model: str) -> None:
    tune = ("-m", model, "tune", "--dry-run", "--estimate")
    alone = json.loads(run(*tune, "--rl", "--json").stdout)
    assert (alone["examples"], alone["rounds"]) == (0, 4)
    with Store.open() as store:
        store.write_example((user("My cat?"), assistant("Minka.")))
    without, with_rl = (json.loads(run(*tune, *more, "--json").stdout) for more in ((), ("--rl",)))
    assert without["rounds"] == 0
    assert with_rl["seconds"] > without["seconds"]
    assert ": 4 rounds of its own right answers, with " in run(*tune, "--rl").stdout


def test_problems_of_ones_own_are_counted(
    run: Command, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.jsonl"
    rows = [{"question": f"Half of {n}, and {n}?", "answer": 2 * n} for n in range(1, 21)]
    rows.append({"question": "Who wins in 2080?", "unanswerable": True})
    mine.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    monkeypatch.setenv("LOCALAI_TUNE__PROBLEMS", json.dumps([str(mine)]))
    told = run("-m", model, "tune", "--dry-run", "--rl").stderr
    (counted,) = re.findall(r"Of 21 questions of your own 20 can be checked: (.*)\.\n", told)
    counts = [int(each) for each in re.findall(r"\d+", counted)]
    assert sum(counts) == 20
    assert all(counts)
    assert "of your own" not in run("-m", model, "tune", "--dry-run").stderr
    mine.write_text("{}\n", "utf-8")
    refused = run("-m", model, "tune", "--dry-run", "--rl")
    assert (refused.exit_code, "mine.jsonl, line 1: " in refused.stderr) == (2, True)
