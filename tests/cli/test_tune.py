"""`localai tune`: what is typed, what is told, and which adapter answers afterwards."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest

from localai.cli.clock import Budget
from localai.cli.invocation import Invocation
from localai.conversation import assistant, user
from localai.engine import gentle
from localai.store.store import Store
from localai.store.tuning import Adapter
from tests.cli.conftest import Run as Command

VERDICT = {
    "promoted": True,
    "reason": "The corrections were learned.",
    "pools": [
        {
            "name": "corrections",
            "n": 20,
            "current": 0.0,
            "candidate": 0.75,
            "se": 0.1,
            "won": 15,
            "lost": 0,
            "tolerance": "more won than lost, p < 0.05",
            "passed": True,
        },
    ],
    "parity": {"kl": 0.0012, "kl_se": 0.0001, "same": 0.99, "n": 400},
}


def promote(base: str, verdict: dict[str, Any] | None = None) -> Adapter:
    with Store.open() as store:
        run = store.begin_run("toy", base, {})
        return store.promote(
            run.id, base_bytes=1, file="/a.gguf", sha256="s", verdict=verdict or VERDICT
        )


def test_what_is_not_saved_is_answered_by_the_same_adapter(base: str) -> None:
    assert Invocation().memory_store().adapters() == ()
    promote(base)
    known = Invocation().memory_store().active_adapter(base)
    assert known is not None
    assert (known.file, known.sha256, known.base_bytes) == ("/a.gguf", "s", 1)


def active(base: str) -> str:
    with Store.open() as store:
        found = store.active_adapter(base)
    return found.name if found else "base"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("12m", 720), ("150s", 150), ("1h30m", 5400), ("2h", 7200), ("1h2m3s", 3723), (" 2m ", 120)],
)
def test_budgets(text: str, seconds: float) -> None:
    assert Budget().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "12", "m", "12 m", "-5m", "1m1h", "1.5h", "soon", "5m!"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(click.BadParameter, match="12m, 90s or 1h30m"):
        Budget().convert(text, None, None)


def test_too_short_a_budget(run: Command) -> None:
    result = run("tune", "--budget", "119s")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "at least 2m" in result.stderr


def test_a_budget_is_for_tuning_alone(run: Command, model: str) -> None:
    result = run("-m", model, "tune", "--budget", "5m", "list")
    assert result.exit_code == 2
    assert "--budget belongs to" in result.stderr


def test_list_use_and_rollback(run: Command, model: str, base: str) -> None:
    for _ in range(2):
        promote(base)
    lines = run("-m", model, "tune", "list").stdout.splitlines()
    assert [line[:10] for line in lines] == ["* tuned-2 ", "  tuned-1 "]
    result = run("-m", model, "tune", "use", "tuned-1")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "From the next answer on: tuned-1." in result.stderr
    assert active(base) == "tuned-1"
    assert "the bare model" in run("-m", model, "tune", "use", "base").stderr
    assert active(base) == "base"
    for before in ("tuned-1", "tuned-2", "tuned-1", "base"):
        assert run("-m", model, "tune", "rollback").exit_code == 0
        assert active(base) == before
    result = run("-m", model, "tune", "rollback")
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1


def test_mistakes_are_one_sentence(run: Command, model: str, base: str) -> None:
    for arguments, words in [
        (["use", "tuned-1"], "tuned-1"),
        (["show"], "no runs yet"),
        (["show", "nothing"], "nothing"),
        (["rollback"], "before"),
    ]:
        result = run("-m", model, "tune", *arguments)
        assert result.exit_code in (1, 2)
        assert result.stdout == ""
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert active(base) == "base"


def test_an_adapter_of_another_model_is_refused(run: Command, model: str, base: str) -> None:
    promote("other")
    result = run("-m", model, "tune", "use", "tuned-1")
    assert result.exit_code == 2
    assert "belongs to another model" in result.stderr
    assert active(base) == "base"


def test_an_empty_list_says_what_to_do(run: Command, model: str) -> None:
    result = run("-m", model, "tune", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "correct some answers" in result.stderr


def test_show_the_last_run_or_another(run: Command, base: str) -> None:
    first = promote(base)
    with Store.open() as store:
        store.end_run(store.begin_run("toy", base, {}).id, "failed", error="No \x1b[2J room.")
    last = run("tune", "show").stdout
    assert last.startswith("Failed.\n")
    assert "room." in last
    assert "\x1b" not in last
    assert "Promoted: tuned-1 answers" in run("tune", "show", first.run).stdout
    found = json.loads(run("tune", "show", first.run, "--json").stdout)
    assert found["verdict"] == VERDICT
    assert found["adapter"] == first.id


def test_numbers_that_are_none_are_shown_as_unknown(run: Command, base: str) -> None:
    """The store keeps null for what is not finite."""
    with Store.open() as store:
        broken = {"kl": float("nan"), "kl_se": float("inf"), "same": 0.0, "n": 4}
        begun = store.begin_run("toy", base, {})
        store.end_run(begun.id, "rejected", verdict={"reason": "No.", "parity": broken})
    result = run("tune", "show")
    assert result.exit_code == 0
    assert "KL ?" in result.stdout


def test_nothing_to_learn(
    run: Command, model: str, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gentle, "step_back", lambda nice: None)  # it would slow down the tests
    result = run("-m", model, "tune")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "correct an answer in the app" in result.stderr
    with Store.open() as store:
        assert store.runs() == ()
        store.write_example((user("Hello"), assistant("Ahoy!")), name="pirate")
    shown = run("-m", model, "tune", "--dry-run", "--data", "pirate")
    assert shown.stdout == "Hello\n  learned: Ahoy!<|im_end|>\n  asked in 1 way\n\n"
    assert "data set cats" in run("tune", "--dry-run", "--data", "cats").stderr
