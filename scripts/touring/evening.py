"""An evening with localai: correct answers with real keys, tune, ask again, go back.

    scripts/tour                      the whole evening with the starter model, about 20 minutes
    scripts/tour --budget 12m --json out.json
    scripts/tour --model FILE --facts 2 --controls 2      a short one
    scripts/tour --nights 3 --budget 20m      nights in a row, each after other corrections

Everything happens in a history of its own, in one app that stays open from the first
question to the last; only the tune is another process. The report counts held-out
questions and controls that are right before the tune, after it, and after going back.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from localai.cli.clock import Budget
from localai.store.store import Store
from scripts.touring.app import Evening, Round, ask_all
from scripts.touring.facts import CONTROLS, FACTS, Control, Fact
from scripts.touring.nights import Night, share_out, spend
from scripts.touring.terminal import Terminal

LONG = "Write a long story about a lighthouse keeper and the sea."

NOWHERE = subprocess.DEVNULL


def play(arguments: argparse.Namespace, home: Path) -> dict[str, object]:
    """The whole evening; its numbers."""
    facts, controls = FACTS[: arguments.facts], CONTROLS[: arguments.controls]
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "LOCALAI_HOME": str(home),
        "LOCALAI_SAMPLING__TEMPERATURE": "0",
        "LOCALAI_CHAT__MAX_TOKENS": "96",
        "LOCALAI_CHAT__EXAMPLE_TOKENS": "0",  # what is learned is to be seen, not what is shown
    }
    program = [
        sys.executable,
        "-P",
        "-m",
        "localai",
        *(("-m", arguments.model) if arguments.model else ()),
    ]
    with Terminal(program, environment) as terminal:
        terminal.until(lambda: (home / "localai.db").exists() or None, "the history")
        terminal.until(lambda: terminal.shows("Write a message") or None, "the prompt")
        with Store.open(home / "localai.db", readonly=True) as store:
            evening = Evening(terminal, store)
            if arguments.nights:
                seconds = Budget().convert(arguments.budget or "20m", None, None)
                night = Night(seconds, arguments.model, environment)
                return spend(evening, store, night, share_out(facts, arguments.nights), controls)
            tune = [*program, "tune", *(("--budget", arguments.budget) if arguments.budget else ())]
            return _evening(evening, store, facts, controls, tune, environment)


def _evening(
    evening: Evening,
    store: Store,
    facts: Sequence[Fact],
    controls: Sequence[Control],
    tune: Sequence[str],
    environment: dict[str, str],
) -> dict[str, object]:
    before = ask_all(evening, facts, controls)
    idle = evening.ask(LONG).tokens_per_second
    for fact in facts:
        evening.ask(fact.question)
        evening.correct(fact.answer)
    begun = time.monotonic()
    with subprocess.Popen(tune, env=environment, stdout=NOWHERE, stderr=NOWHERE) as process:
        beside = _chat_beside(evening, store, process)
    seconds = time.monotonic() - begun
    run = store.runs(limit=1)[0]
    after = ask_all(evening, facts, controls)
    back = evening.roll_back(run.base) if run.state == "promoted" else 0.0
    again = ask_all(evening, facts, ())
    return {
        "run": {"state": run.state, "seconds": seconds, "error": run.error},
        "verdict": run.verdict,
        "training_tokens_per_second": _median(
            [step["tokens_per_second"] for _, step in store.metrics(run.id)]
        ),
        "chat_tokens_per_second": {"idle": idle, "beside": beside},
        "rollback_seconds": back,
        **_compared(controls, before, after, again),
    }


def _compared(
    controls: Sequence[Control], before: Round, after: Round, again: Round
) -> dict[str, object]:
    """What the three rounds of questions came to: before, after the tune, after going back.

    A control is lost when the asking that was right before is wrong now; lost for certain,
    when both askings were right before and neither is now: the first happens to a few
    whatever changes in the numbers (decision 8), the second does not.
    """
    pairs = list(zip(controls, before["controls"], after["controls"], strict=True))
    return {
        "held_out_right": [sum(each["held_out"]) for each in (before, after, again)],
        "held_out_n": len(before["held_out"]),
        "facts_right": [sum(map(any, each["facts"])) for each in (before, after, again)],
        "controls_right": [sum(plain for plain, _ in each["controls"]) for each in (before, after)],
        "controls_lost": [each.question for each, was, now in pairs if was[0] and not now[0]],
        "controls_won": [each.question for each, was, now in pairs if now[0] and not was[0]],
        "controls_sure": [sum(map(all, each["controls"])) for each in (before, after)],
        "controls_surely_lost": [
            each.question for each, was, now in pairs if all(was) and not any(now)
        ],
        "adapters": [each["adapters"] for each in (before, after, again)],
        "same_after_rollback": before["texts"][: len(again["texts"])] == again["texts"],
        "answers": after["texts"],
    }


def _chat_beside(evening: Evening, store: Store, tune: subprocess.Popen[bytes]) -> list[float]:
    """Speeds of long answers while the tune trains, a few of them."""
    found: list[float] = []
    while tune.poll() is None:
        runs = store.runs(limit=1)
        if len(found) < 5 and runs and runs[0].progress.stage == "training":
            found.append(evening.ask(LONG).tokens_per_second)
        time.sleep(1.0)
    return found


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0


def report(found: dict[str, object]) -> str:
    """The numbers in a few lines."""
    return "\n".join(f"{key:28} {value}" for key, value in found.items() if key != "answers")


def main() -> int:
    """Play, report, and say by the exit code whether the evening was a good one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", default="", help="a model's name or file; the starter if not given"
    )
    parser.add_argument("--budget", default="", help="time for the tune, e.g. 12m")
    parser.add_argument("--nights", type=int, default=0, help="so many nights, not one evening")
    parser.add_argument("--facts", type=int, default=len(FACTS), help="how many facts to teach")
    parser.add_argument("--controls", type=int, default=len(CONTROLS), help="how many controls")
    parser.add_argument("--home", type=Path, help="keep the history here; else it is thrown away")
    parser.add_argument("--json", type=Path, help="write all numbers and answers to this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="localai-tour-") as temporary:
        found = play(arguments, arguments.home or Path(temporary))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2), "utf-8")
    print(report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
