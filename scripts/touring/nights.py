"""Nights in a row: corrections by day, at night the tune that a timer starts, in the morning the
same app is asked for everything that was ever corrected."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from localai import paths
from localai.config import Settings
from localai.schedule.command import command
from localai.schedule.nights import Nights
from localai.store.store import Store
from localai.store.tuning import Run
from scripts.touring.app import Evening, ask_all
from scripts.touring.facts import Control, Fact


class Night(NamedTuple):
    """How long one is in seconds, for which model, and with which variables."""

    seconds: float
    model: str
    environment: Mapping[str, str]

    @property
    def home(self) -> Path:
        """The data folder."""
        return Path(self.environment["LOCALAI_HOME"])

    def learn(self) -> dict[str, float]:
        """Run what the timer of such a night would: how many minutes it took, how many were told
        before, how many seconds it ended before its time, and its exit code."""
        now = datetime.now()
        # The end is a whole minute, and a started one is not taken away.
        end = (now + timedelta(seconds=self.seconds + 59)).replace(second=0, microsecond=0)
        words = list(command(Nights(at=now.time(), until=end.time()), self.model).words)
        variables = {**self.environment, "LOCALAI_NIGHT__IDLE_MINUTES": "0"}
        ask = [each for each in words if each != "--scheduled"]  # a dry run may begin at any time
        ask += ["--no-rl" if Settings().tune.rl == "never" else "--rl"]
        ask += ["--dry-run", "--estimate", "--json"]
        told = subprocess.run(ask, env=variables, stdout=subprocess.PIPE, check=True).stdout
        began = datetime.now()
        with (self.home / "night.log").open("ab") as out:
            done = subprocess.run(words, env=variables, stdout=out, stderr=out, check=False)
        ended = datetime.now()
        return {
            "minutes_told": json.loads(told)["seconds"] / 60,
            "minutes": (ended - began).total_seconds() / 60,
            "seconds_left": (end - ended).total_seconds(),
            "exit_code": done.returncode,
        }


def share_out(facts: Sequence[Fact], nights: int) -> list[Sequence[Fact]]:
    """The facts of each day."""
    bounds = [round(len(facts) * night / nights) for night in range(nights + 1)]
    return [facts[start:end] for start, end in pairwise(bounds)]


def spend(
    evening: Evening,
    store: Store,
    night: Night,
    days: Sequence[Sequence[Fact]],
    controls: Sequence[Control],
) -> dict[str, object]:
    """All days and nights; of each how it went, and what is right the morning after."""
    found: dict[str, object] = {"before": _morning(evening, days, controls)}
    for number, day in enumerate(days, 1):
        for fact in day:
            evening.ask(fact.question)
            evening.correct(fact.answer)
        before = store.runs(limit=1)
        found[f"night {number}"] = {
            **night.learn(),
            **_run(store, before, night.home),
            **_morning(evening, days, controls),
        }
    return found


def _run(store: Store, before: Sequence[Run], home: Path) -> dict[str, object]:
    """How the run of the night went, if there is one since the run `before`."""
    runs = store.runs(limit=1)
    if not runs or [run.id for run in before] == [runs[0].id]:
        return {"state": "nothing was begun"}
    run = runs[0]
    verdict = run.verdict or {}
    return {
        "state": run.state,
        "error": run.error,
        "reason": verdict.get("reason", ""),
        "pools": verdict.get("pools", ()),
        "report": (paths.reports(home) / f"{run.id}.md").exists(),
        "seconds": dict(run.progress.spent),
        "rounds": [(each.pass_1, each.dev, each.dev_n) for each in store.rounds(run.id)],
    }


def _morning(
    evening: Evening, days: Sequence[Sequence[Fact]], controls: Sequence[Control]
) -> dict[str, object]:
    """What is right: of each day's held-out questions, and of common knowledge."""
    asked = [ask_all(evening, day, controls if day is days[0] else ()) for day in days]
    return {
        "questions_right": [sum(each["held_out"]) for each in asked],
        "questions": [len(each["held_out"]) for each in asked],
        "facts_right": [sum(map(any, each["facts"])) for each in asked],
        "controls_right": sum(plain for plain, _ in asked[0]["controls"]),
        "adapters": sorted({name for each in asked for name in each["adapters"]}),
    }
