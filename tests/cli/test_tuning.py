"""How a run looks: the line while it goes on, the table at its end."""

from __future__ import annotations

import io
from contextlib import closing
from typing import Any

import pytest

from localai.cli.tuning import Watcher, progress_line, verdict
from localai.store.tuning import Progress, Run


def ended(state: Any, **fields: Any) -> Run:
    return Run("r", "toy", "b", state, 1.0, 2.0, {}, Progress("done"), **fields)


def pool(name: str, *, passed: bool) -> dict[str, Any]:
    return {
        "name": name,
        "n": 40,
        "current": 0.625,
        "candidate": 0.5,
        "won": 1,
        "lost": 6,
        "tolerance": "at most 10 points lost",
        "adjusted": 0.0123,
        "passed": passed,
    }


def test_the_table_of_a_verdict() -> None:
    facts = {
        "reason": "Too much else was lost.",
        "pools": [pool("corrections", passed=True), pool("general", passed=False)],
        "since": [pool("known", passed=True)],
        "parity": {"kl": 0.00123, "same": 0.987, "n": 400},
    }
    assert verdict(ended("rejected", verdict=facts), "").splitlines() == [
        "Not promoted.",
        "Too much else was lost.",
        "",
        "                 n  before  after  won lost      p  rule",
        "corrections     40    62 %   50 %    1    6  0.012  at most 10 points lost",
        "general         40    62 %   50 %    1    6  0.012  at most 10 points lost ✗",
        "",
        "Beside the bare model:",
        "known           40    62 %   50 %    1    6  0.012  at most 10 points lost",
        "",
        "MLX against llama.cpp: KL 0.0012, same token 98.7% of 400 positions.",
    ]


def test_what_a_table_does_not_say_stands_above_it() -> None:
    nats = pool("retention", passed=True) | {"unit": "nats", "current": 2.31, "candidate": 2.362}
    other = pool("other reasoning", passed=False) | {"adjusted": 0.0002, "close": 3}
    told = pool("good answers", passed=True) | {"adjusted": None, "close": 1}
    facts = {"pools": [nats, other, told], "targets": ["unknown", "tools"], "stage": "slice"}
    lines = verdict(ended("rejected", verdict=facts), "").splitlines()
    assert lines[1:4] == [
        "It trained for: unknown, tools.",
        "The gate ended after the first few questions.",
        "4 answers turned by a hair and count as before.",
    ]
    assert lines[5:] == [
        "                    n  before  after  won lost      p  rule",
        "retention          40    2.31   2.36    1    6  0.012  at most 10 points lost",
        "other reasoning    40    62 %   50 %    1    6  <.001  at most 10 points lost ✗",
        "good answers       40    62 %   50 %    1    6         at most 10 points lost",
    ]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("run", "adapter", "text"),
    [
        (
            ended("promoted", adapter="a"),
            "tuned-3",
            "Promoted: tuned-3 answers from now on.\n",
        ),
        (ended("failed", error="No room."), "", "Failed.\nNo room.\n"),
        (ended("interrupted"), "", "Interrupted.\n"),
        (ended("running"), "", "Running.\n"),
        (ended("stopped"), "", "Stopped.\n"),
    ],
)
def test_a_run_without_numbers(run: Run, adapter: str, text: str) -> None:
    assert verdict(run, adapter) == text


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress("starting the model"), "Starting the model"),
        (Progress("asking", 0, 4), f"Asking  {'─' * 12}  0/4"),
        (Progress("asking", 4, 4), f"Asking  {'━' * 12}  4/4"),
        (
            Progress("training", 1, 4, 2.34567, 141.7, 200.4, 2_340_000_000),
            f"Training  {'━' * 3}{'─' * 9}  1/4  loss 2.35  142 tokens/s  2.3 GB  3 min left",
        ),
    ],
)
def test_the_line(progress: Progress, text: str) -> None:
    assert progress_line(progress) == text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_watcher_tells_each_stage_once_on_a_pipe() -> None:
    with closing(Watcher(pipe := io.StringIO())) as watcher:
        for stage in ("one", "one", "two", "one"):
            watcher.tell(Progress(stage, 1, 2))
    assert pipe.getvalue() == "one\ntwo\none\n"


def test_a_watcher_leaves_no_trace_on_a_terminal() -> None:
    with closing(Watcher(terminal := Terminal())) as watcher:
        watcher.tell(Progress("training", 1, 2))
    assert terminal.getvalue().rpartition("\x1b[2K")[2] == ""
    assert "\n" not in terminal.getvalue()
