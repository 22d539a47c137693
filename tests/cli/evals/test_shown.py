"""What was evaluated: listed, shown, compared, and written as a page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.cli.conftest import Run as Command
from tests.cli.evals.conftest import Capitals, Eval, ids


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


def test_a_run_is_shown_with_its_worst_answers(evaluate: Eval, run: Command) -> None:
    evaluate("capitals")
    (shown,) = ids(0)
    told = run("eval", "show", shown).stdout
    assert told.endswith("What is the capital of Peru?\nwanted: Lima\nQuito\nright 0\n")
    assert "Quito" not in run("eval", "show", shown, "--worst", "0").stdout
    assert len(json.loads(run("eval", "show", shown, "--json").stdout)["items"]) == 4
    assert "no evaluation that ends in 'u'" in run("eval", "show", "u").stderr  # no id does


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
