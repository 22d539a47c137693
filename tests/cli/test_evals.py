"""`localai eval`: asked, compared, listed, shown, and written as a page."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import Result
from msgspec.structs import replace

from localai.chat.adapters import file_hash
from localai.chat.open import open_toolbox
from localai.chat.session import Session
from localai.config import Settings
from localai.engine.base import Sampled
from localai.engine.scripted import ScriptedEngine
from localai.evals.task import Manner
from localai.evals.tasks import TASKS
from localai.store.store import Store
from localai.store.tuning import Adapter
from tests.cli.conftest import Engine
from tests.cli.conftest import Run as Command
from tests.cli.scripted_main import ENTRY
from tests.evals import places

REPLIES = ["It is \x1b[2JParis.", "Quito", "Rome", "Tokyo"]
RIGHT, WRONG = "a" * 64, "b" * 64


class Capitals(Engine):
    """Knows them all under one adapter, and none under another."""

    def sample(self, jobs: Any) -> Iterator[Sampled]:  # type: ignore[override]
        for sampled in super().sample([replace(job, n=1) for job in jobs]):
            prompt = "".join(self.pieces(jobs[sampled.job].request.ids))
            city = next(city for country, city in places.CAPITALS if country in prompt)
            text = {RIGHT: city, WRONG: "Lyon"}.get(self.load().adapter, sampled.text)
            for number in range(jobs[sampled.job].n):
                yield replace(sampled, text=text, sample=number)


@pytest.fixture(autouse=True)
def task(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one task there is."""
    module = ModuleType("capitals")
    module.TASK = places.task(styles=("direct", "steps"))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "localai.evals.tasks.capitals", module)
    for name in TASKS:
        monkeypatch.delitem(TASKS, name)
    monkeypatch.setitem(TASKS, "capitals", "capitals")


Eval = partial[Result]


@pytest.fixture
def evaluate(run: Command, model: str) -> Eval:
    """`localai eval` on the toy model; `engine` answers."""

    def command(*arguments: str, engine: ScriptedEngine | None = None) -> Result:
        asked = engine or Capitals(REPLIES)

        def opener(store: Store, settings: Settings, **options: Any) -> Session:
            assert options == {"model": "", "private": True}
            entry = replace(ENTRY, path=Path(model))
            return Session(
                store, asked, settings, entry, open_tools=partial(open_toolbox, settings)
            )

        return run("eval", *arguments, open_session=opener)

    return partial(command)


@pytest.fixture
def adapters(model: str) -> tuple[Adapter, ...]:
    """One that knows all capitals and one that knows none, in force."""
    with Store.open() as store:
        base = file_hash(store, Path(model))
        found = tuple(
            store.add_adapter(
                base=base, base_bytes=Path(model).stat().st_size, file=f"/{sha}.gguf", sha256=sha
            )
            for sha in (RIGHT, WRONG)
        )
        store.activate(base, found[1].id, "chosen")
    return found


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


def test_runs_are_listed(evaluate: Eval, run: Command) -> None:
    assert "no evaluations yet" in run("eval", "list").stderr
    evaluate("capitals", "--n", "2", "--pool", "gate")
    evaluate("capitals", "--n", "1")
    listed = run("eval", "list").stdout.splitlines()
    assert " ".join(listed[0].split()) == "run when task pool model asked result"
    assert [line.split()[3:5] for line in listed[1:]] == [["capitals", "dev"], ["capitals", "gate"]]
    assert "right 50.0 % ± 50.0" in listed[2]
    told = json.loads(run("eval", "list", "--json", "--limit", "1").stdout)
    assert [each["n"] for each in told] == [1]
    assert "items" not in told[0]


def ids(*numbers: int) -> list[str]:
    """Of the runs, the oldest first."""
    with Store.open() as store:
        found = store.evals()[::-1]
    return [found[number].short_id for number in numbers]


def test_a_run_is_shown_with_its_worst_answers(evaluate: Eval, run: Command) -> None:
    evaluate("capitals")
    (shown,) = ids(0)
    told = run("eval", "show", shown).stdout
    assert told.endswith("What is the capital of Peru?\nwanted: Lima\nQuito\nright 0\n")
    assert "Quito" not in run("eval", "show", shown, "--worst", "0").stdout
    assert len(json.loads(run("eval", "show", shown, "--json").stdout)["items"]) == 4
    assert "no evaluation that ends in 'x'" in run("eval", "show", "x").stderr


def test_any_two_runs_are_compared(evaluate: Eval, run: Command, adapters: object) -> None:
    evaluate("capitals", "--adapter", "base")
    evaluate("capitals", "--adapter", "tuned-2")
    evaluate("capitals", "--pool", "gate")
    bare, tuned, other = ids(0, 1, 2)
    told = run("eval", "show", tuned, bare).stdout
    assert "tuned-2 beside base" in told
    assert told.index("capital of France") > told.index("beside base")
    refused = run("eval", "show", other, bare)
    assert (refused.exit_code, "did not ask the same questions" in refused.stderr) == (2, True)


class Page(HTMLParser):
    """Collects what a page would load or run, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [f"{key}" for key, _ in attrs if key in ("src", "href", "onclick")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def test_a_report_is_one_page(
    evaluate: Eval, run: Command, adapters: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    evaluate("capitals", "--adapter", "base", engine=Capitals(["<b>Lyon</b> \x1b[2J"]))
    (shown,) = ids(0)
    made = run("eval", "report", shown)
    assert made.stdout == f"eval-{shown}.html\n"
    page = Page(Path(made.stdout.strip()).read_text("utf-8"))
    assert page.tags.count("svg") == 1
    assert page.links == []
    assert not {"script", "b", "img", "link"} & set(page.tags)
    assert "<b>Lyon</b>" in page.texts
    assert "Wanted: Paris" in page.texts
    again = run("eval", "report", shown)
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)
    evaluate("capitals", "--adapter", "tuned-1", "--against", "tuned-2")
    (second,) = ids(2)
    run("eval", "report", second, "-o", "both.html")
    both = Page(Path("both.html").read_text("utf-8"))
    assert both.tags.count("svg") == 2
    assert "tuned-1 beside tuned-2, on the same questions" in both.texts
    assert "None: every answer is as good as can be." in both.texts


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
    reader = ModuleType("user_file")
    reader.read = lambda path: places.task(name=path.stem)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "localai.evals.tasks.user_file", reader)
    done = evaluate(str(tmp_path / "mine.jsonl"), "--n", "1")
    assert done.stdout.startswith("mine (dev, 1 question): scripted, base")
    (shown,) = ids(0)
    assert "right" in evaluate("show", shown).stdout  # the file is not needed again


def test_a_style_that_a_task_has_not(evaluate: Eval, monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["localai.evals.tasks.capitals"]
    monkeypatch.setattr(module, "TASK", places.task(manner=Manner()))
    refused = evaluate("capitals", "--style", "steps")
    assert (refused.exit_code, "in this style only: direct" in refused.stderr) == (2, True)
    assert "beside" not in evaluate("capitals", "--style", "both").stdout


def test_the_help_names_the_tasks_and_what_can_be_asked_for(run: Command) -> None:
    told = run("eval", "--help").stdout
    assert "Tasks:\n  capitals\n" in told
    assert "--against NAME|base" in told
    assert "list" in told
