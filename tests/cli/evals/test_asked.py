"""`localai eval`: asked, compared, gone on with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localai.engine.base import Sampled
from localai.engine.scripted import ScriptedEngine
from localai.evals.tasks import user_file
from localai.store.store import Store
from localai.store.tuning import Adapter
from tests.cli.conftest import Run as Command
from tests.cli.evals.conftest import REPLIES, Capitals, Eval, ids, offer
from tests.evals import places


def test_a_task_is_asked_and_told_with_its_errors(evaluate: Eval) -> None:
    done = evaluate("capitals")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("capitals (dev, 4 questions): scripted, base  ")
    cells = {line.split("  ")[0]: line.split() for line in lines[2:]}
    assert cells["right"][:4] == ["right", "75.0", "%", "±"]
    assert "30.1 to 95.4" in done.stdout
    assert cells["wrong"][1] == "25.0"
    assert "tokens per right answer" in done.stdout
    assert cells["europe"][1] == "100.0"
    assert "capitals, base" in done.stderr


def test_each_answer_is_in_the_json(evaluate: Eval) -> None:
    (told,) = json.loads(evaluate("capitals", "--n", "2", "--json").stdout)
    assert (told["task"], told["pool"], told["n"], told["state"]) == ("capitals", "dev", 2, "done")
    assert (told["model"], told["adapter"], told["answered"]) == ("scripted", None, 2)
    france, peru = told["items"]
    assert (france["id"], france["kind"], france["score"]) == ("France-dev", "europe", 1.0)
    assert (france["answer"], france["tokens"]) == ("It is \x1b[2JParis.", 5)
    assert (peru["scores"], peru["answers"][0]["text"]) == ({"right": 0.0}, "Quito")
    assert told["summary"]["measures"][0]["estimate"]["n"] == 2


def test_two_adapters_are_compared_on_the_same_questions(
    evaluate: Eval, adapters: tuple[Adapter, ...]
) -> None:
    done = evaluate("--against", "tuned-1")  # all tasks, by what answers now
    assert done.exit_code == 0, done.stderr
    assert "tuned-2 beside tuned-1, on the same questions" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if "-100.0" in line and "right" in line]
    words = "right 100.0 % 0.0 % -100.0 ± 0.0 -100.0 to -7.0 0.062 not told apart"
    assert " ".join(line.split()) == words
    told = json.loads(evaluate("--adapter", "base", "--against", "tuned-1", "--json").stdout)[0]
    assert (told["adapter"], told["other"]["adapter"]) == (None, "tuned-1")
    assert told["compared"][0]["difference"]["lost"] == 3
    assert told["against"] == told["other"]["run"]


def test_two_styles_are_compared(evaluate: Eval) -> None:
    engine = ScriptedEngine(["Paris", "Lima", "Rome", "Tokyo", "Hm.\nAnswer: Oslo"])
    done = evaluate("capitals", "--style", "both", engine=engine)
    assert "base, steps beside base, on the same questions" in done.stdout
    with Store.open() as store:
        steps, direct = store.evals()
    assert (steps.of.style, direct.of.style) == ("steps", "direct")
    assert steps.against == direct.id


def test_samples_are_drawn(evaluate: Eval) -> None:
    engine = Capitals(REPLIES)
    evaluate("capitals", "--samples", "3", "--seed", "5", "--n", "1", engine=engine)
    assert engine.requests[0].sampling.temperature == 0.7
    assert engine.requests[0].sampling.seed == 5
    with Store.open() as store:
        (run,) = store.evals()
        assert len(store.eval_items(run.id)[0].answers) == 3
        assert run.of.manner["samples"] == 3


class Stopping(Capitals):
    """Answers so many questions, then somebody presses Ctrl-C."""

    left = 1

    def sample(self, jobs: Any) -> Iterator[Sampled]:  # type: ignore[override]
        for sampled in super().sample(jobs):
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            yield sampled


def test_what_was_stopped_goes_on(evaluate: Eval) -> None:
    stopped = evaluate("capitals", engine=Stopping(REPLIES))
    assert stopped.exit_code == 130
    assert "the same command goes on with it" in stopped.stderr
    engine = Capitals(REPLIES)
    assert evaluate("capitals", engine=engine).exit_code == 0
    assert len(engine.requests) == 3
    with Store.open() as store:
        (run,) = store.evals()
        assert (run.state, run.items) == ("done", 4)
    evaluate("capitals", engine=Stopping(REPLIES))
    engine = Capitals(REPLIES)
    evaluate("capitals", "--anew", engine=engine)
    assert len(engine.requests) == 4


def test_what_was_done_before_it_was_stopped_is_not_asked_again(
    evaluate: Eval, adapters: tuple[Adapter, ...]
) -> None:
    stopping = Stopping(REPLIES)
    stopping.left = 6
    assert evaluate("capitals", "--against", "base", engine=stopping).exit_code == 130
    engine = Capitals(REPLIES)
    done = evaluate("capitals", "--against", "base", engine=engine)
    assert "tuned-2 beside base, on the same questions" in done.stdout
    assert len(engine.requests) == 2
    with Store.open() as store:
        assert [run.items for run in store.evals()] == [4, 4]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "There is no task 'nothing'; there are: capitals."),
        (["capitals", "--against", "base"], "cannot be compared with itself"),
        (["capitals", "--adapter", "tuned-9"], "There is no adapter 'tuned-9'"),
        (["capitals", "--pool", "test"], "is not one of"),
    ],
)
def test_what_makes_no_sense_is_refused(evaluate: Eval, arguments: list[str], said: str) -> None:
    refused = evaluate(*arguments)
    assert refused.exit_code != 0
    assert said in refused.stderr
    with Store.open() as store:
        assert store.evals() == ()


def test_a_file_has_questions_of_its_own(
    evaluate: Eval, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(user_file, "read", lambda path: places.task(name=path.stem))
    done = evaluate(str(tmp_path / "mine.jsonl"), "--n", "1")
    assert done.stdout.startswith("mine (dev, 1 question): scripted, base")
    (shown,) = ids(0)
    assert "right" in evaluate("show", shown).stdout  # the file is not needed again


def test_a_style_that_a_task_has_not(evaluate: Eval, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, places.task())
    refused = evaluate("capitals", "--style", "steps")
    assert (refused.exit_code, "in this style only: direct" in refused.stderr) == (2, True)
    assert "beside" not in evaluate("capitals", "--style", "both").stdout
    nothing = evaluate("--style", "steps")
    assert "There is no task to ask" in nothing.stderr


def test_of_all_tasks_those_that_cannot_be_asked_are_left_out(
    evaluate: Eval, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, places.task(name="empty", examples=lambda place, pool: ()))
    done = evaluate()
    assert done.exit_code == 0
    assert "Left out: empty has no questions in the pool dev." in done.stderr
    assert done.stdout.startswith("capitals (dev, 4 questions)")
    assert evaluate("capitals", "empty").exit_code == 2


def test_the_help_names_the_tasks_and_what_can_be_asked_for(run: Command) -> None:
    told = run("eval", "--help").stdout
    assert "Tasks:\n  capitals\n" in told
    assert "--against NAME|base" in told
    assert "list" in told
