"""`localai data make`: made by the bare model, taken in accepted, replaced when made again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType

import pytest

from localai.conversation import assistant, user
from localai.evals import making
from localai.evals.abstention import abstains
from localai.evals.knowledge import facts
from localai.evals.making import Made, Tell
from localai.evals.task import Place
from localai.store.store import Store
from tests.cli.conftest import Engine
from tests.cli.conftest import Run as Command


@pytest.fixture(autouse=True)
def sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """A maker of this name, of which every n is wanted but 13."""

    def make(place: Place, n: int, tell: Tell) -> Sequence[Made]:
        tell(1, n)
        numbers = range(0 if n == 13 else n)
        return [((user(f"{at} + 1?"), assistant(str(at + 1))), "written") for at in numbers]

    module = ModuleType("localai.evals.making.sums")
    module.make = make  # type: ignore[attr-defined]
    module.remarks = lambda place: ["Easy ones."]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(making.MAKERS, "sums", "sums")


def answers() -> list[str]:
    """Those of the set, the oldest first."""
    with Store.open(readonly=True) as store:
        return [each.answer for each in store.examples(state="accepted", name="sums")[::-1]]


def test_a_set_is_made_and_accepted(run: Command) -> None:
    engine = Engine()
    made = run("data", "make", "sums", "--n", "2", engine=engine)
    assert (made.exit_code, made.stdout) == (0, "")
    assert "2 examples accepted; learn them with: localai tune sft --data sums" in made.stderr
    assert "Easy ones." in made.stderr
    assert answers() == ["1", "2"]
    assert engine.adapters == [("", "")]  # the bare model is asked


def test_made_again_it_replaces_what_was_made(run: Command) -> None:
    run("data", "make", "sums", "--n", "3")
    refused = run("data", "make", "sums", "--n", "1")
    assert (refused.exit_code, "replace it with --yes" in refused.stderr) == (2, True)
    assert answers() == ["1", "2", "3"]
    assert run("data", "make", "sums", "--n", "1", "--yes").exit_code == 0
    assert answers() == ["1"]
    assert run("data", "list", "--set", "sums").stdout.count("\n") == 1


def test_nothing_made_replaces_nothing(run: Command) -> None:
    run("data", "make", "sums", "--n", "1")
    refused = run("data", "make", "sums", "--n", "13", "--yes")
    assert "Nothing could be made" in refused.stderr
    assert answers() == ["1"]


def test_what_cannot_be_made_names_what_can(run: Command) -> None:
    refused = run("data", "make", "poems")
    assert (refused.exit_code, "'poems' can be made; there are:" in refused.stderr) == (2, True)


def test_the_set_that_teaches_to_say_so_is_made_of_what_the_model_says(run: Command) -> None:
    first, *_ = facts.questions("train")
    known = [f"That would be {first.answers[0]}."] * 4
    wrong = ["Nonsense."] * 12  # to the other three facts; then the first is asked in all its words
    made = run("data", "make", "abstention", "--n", "5", replies=[*known, *wrong, known[0]])
    assert made.exit_code == 0, made.stderr
    with Store.open(readonly=True) as store:
        there = store.examples(state="accepted", name="abstention")
    learned = {each.question: each.answer for each in there}
    assert learned[first.question] == known[0]
    assert any(map(abstains, learned.values()))
    nothing = run("data", "make", "abstention", "--n", "5", "--yes", replies=["Nonsense."])
    assert "Nothing could be made" in nothing.stderr
