"""`localai tune` from its start to its end: what is told, and what can be gone on with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from localai.errors import UsageError
from localai.store.store import Store
from localai.store.tuning import Run
from localai.tune.hosts import HERE
from localai.tune_process import Stopped
from tests.cli.conftest import Run as Command
from tests.cli.fake_job import FakeJob, by


def test_a_promotion_is_told(
    run: Command, model: str, fake: type[FakeJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(store: Store, begun: Run) -> object:
        return store.promote(begun.id, base_bytes=1, file="f", sha256="s", verdict={})

    monkeypatch.setattr(fake, "end", end, raising=False)
    result = run("-m", model, "tune", "--budget", "12m", "--data", "pirate")
    assert result.exit_code == 0
    assert (fake.seconds, fake.name) == (720, "pirate")
    note = f"Another model is in use; `localai models use {model}` changes to this one.\n"
    assert result.stderr == f"training\nasking the new model\n{note}"
    assert result.stdout.startswith("Promoted: tuned-1 answers from now on.\n")
    monkeypatch.setenv("LOCALAI_MODEL", model)
    assert run("tune").stderr == "training\nasking the new model\n"
    assert run("-m", "none", "tune", "--for", model).exit_code == 2
    assert run("tune", "--for", "none").exit_code != 0
    monkeypatch.setenv("LOCALAI_MODEL", "none")
    assert run("tune", "--for", model).stderr.endswith(note)


def test_the_machines_of_a_hosts_file_train_along(
    run: Command,
    model: str,
    fake: type[FakeJob],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(fake, "end", lambda store, begun: None, raising=False)
    file = tmp_path / "hosts.json"
    hosts: list[dict[str, Any]] = [{"ssh": HERE, "ips": [HERE]}, {"ssh": "box"}]
    for count, ips, machines in ((1, [], None), (2, ["10.0.0.2"], ["127.0.0.1", "box"])):
        hosts[1]["ips"] = ips
        file.write_text(json.dumps(hosts[:count]))
        run("-m", model, "tune", "sft", "--hosts", str(file))
        assert (fake.hosts and [each.ssh for each in fake.hosts.hosts]) == machines


def test_hosts_that_cannot_train_together_are_one_sentence(
    run: Command, model: str, fake: type[FakeJob], tmp_path: Path
) -> None:
    file = tmp_path / "hosts.json"
    file.write_text('[{"ssh": "one"}, {"ssh": "two"}]')
    for arguments, words in (
        (["--hosts", str(file)], "one needs the addresses"),
        (["--hosts", str(tmp_path)], "cannot be read"),
        (["--dry-run", "--hosts", str(file)], "leave --hosts out"),
    ):
        result = run("-m", model, "tune", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_a_rejection_is_a_failure(
    run: Command, model: str, fake: type[FakeJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(store: Store, begun: Run) -> object:
        return store.end_run(begun.id, "rejected", verdict={"reason": "Too much was lost."})

    monkeypatch.setattr(fake, "end", end, raising=False)
    result = run("-m", model, "tune")
    assert result.exit_code == 1
    assert fake.seconds == 0
    assert result.stdout == "Not promoted.\nToo much was lost.\n"


def test_what_the_job_refuses_is_told(
    run: Command, model: str, fake: type[FakeJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = UsageError("A tune is running already.")
    monkeypatch.setattr(fake, "end", by(refused), raising=False)
    result = run("-m", model, "tune")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == "A tune is running already."


def test_an_option_wins_over_the_preset_and_the_preset_over_the_settings(
    run: Command, model: str, fake: type[FakeJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(store: Store, begun: Run) -> object:
        return store.end_run(begun.id, "rejected", verdict={})

    monkeypatch.setattr(fake, "end", end, raising=False)
    monkeypatch.setenv("LOCALAI_TUNE__EPOCHS", "5")
    monkeypatch.setenv("LOCALAI_TUNE__LEARNING_RATE", "0.001")
    for arguments, seconds, epochs in [
        ([], 0, 5),
        (["--preset", "night"], 0, 2),
        (["--preset", "quick"], 600, 1),
        (["--preset", "quick", "--budget", "3m"], 180, 1),
    ]:
        run("-m", model, "tune", *arguments)
        assert (fake.seconds, fake.settings.tune.epochs) == (seconds, epochs)
        assert fake.settings.tune.learning_rate == 0.001
    assert run("tune", "--preset", "noon").exit_code == 2


@pytest.mark.parametrize("resumable", [True, False])
def test_a_stopped_tune_says_that_it_can_be_gone_on_with(
    run: Command,
    model: str,
    fake: type[FakeJob],
    monkeypatch: pytest.MonkeyPatch,
    resumable: bool,
) -> None:
    monkeypatch.setattr(fake, "end", by(KeyboardInterrupt()), raising=False)
    monkeypatch.setattr(fake, "resumable", resumable)
    result = run("-m", model, "tune")
    assert result.exit_code == 130
    assert ("Stopped; the same command goes on with it" in result.stderr) is resumable
    assert "--resume" not in result.stderr


def test_a_tune_whose_time_is_over_says_what_the_next_one_does(
    run: Command, model: str, fake: type[FakeJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "end", by(Stopped("Its time is over.")), raising=False)
    for resumable, words in [(True, "goes on with it"), (False, "begins anew")]:
        monkeypatch.setattr(fake, "resumable", resumable)
        result = run("-m", model, "tune", "--until", "06:30")
        assert (result.exit_code, fake.nightly) == (1, True)
        assert 0 < fake.seconds <= 25 * 3600
        assert result.stderr.splitlines()[-1] == f"Its time is over. The next tune {words}."


@pytest.mark.parametrize(
    ("option", "resume"), [([], None), (["--resume"], True), (["--anew"], False)]
)
def test_going_on_is_asked_for_or_refused(
    run: Command,
    model: str,
    fake: type[FakeJob],
    monkeypatch: pytest.MonkeyPatch,
    option: list[str],
    resume: bool | None,
) -> None:
    monkeypatch.setattr(fake, "end", lambda store, begun: None, raising=False)
    run("-m", model, "tune", *option)
    assert fake.resume is resume


def test_options_of_going_on_that_make_no_sense(run: Command, model: str) -> None:
    for arguments, words in [
        (["--resume", "--budget", "5m"], "keeps the time that it was begun with"),
        (["--resume", "--dry-run"], "A dry run goes on with nothing"),
        (["--anew", "list"], "--resume/--anew belongs to"),
    ]:
        result = run("-m", model, "tune", *arguments)
        assert result.exit_code == 2
        assert words in result.stderr


RUNS = """
import signal
from localai.store.store import Store
with Store.open() as store:
    print(store.begin_run("toy", "b", {}).id, flush=True)
    signal.pause()
"""


def test_stop(run: Command) -> None:
    assert "No tune is running." in run("tune", "stop").stderr
    with subprocess.Popen([sys.executable, "-c", RUNS], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline()
        told = "the same command goes on with it, if training had begun."
        assert told in run("tune", "stop").stderr
    assert other.returncode == -signal.SIGTERM
    assert run("tune", "stop").exit_code == 2
