"""Evaluations as runs: asked in the engine, each answer in the store as it comes.

A command that was interrupted, however, goes on with what is missing. Which model and which tasks
is the caller's; what the numbers mean is in `summary`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from localai.catalog.entry import required_path
from localai.chat.adapters import file_hash, use
from localai.chat.session import Session
from localai.errors import LocalaiError, UsageError
from localai.evals import asking
from localai.evals.summary import summarise
from localai.evals.task import Answer, Example, Manner, Outcome, Place, Pool, Task
from localai.store.evaluated import EvalItem, EvalRun, Evaluated
from localai.store.ids import new_id
from localai.store.store import Store
from localai.store.tuning import Adapter, Progress

BARE = "base"
"""What the bare model is called beside an adapter."""

Tell = Callable[[Progress], None]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: the first `n` questions of a task's pool (0: all), in a manner."""

    task: Task
    pool: Pool = "dev"
    n: int = 0
    manner: Manner = Manner()


def place_of(session: Session) -> Place:
    """Where a session chats, as a place to evaluate in."""
    return Place(session.engine, session.entry, session.settings, session.store, session.toolbox)


def command(
    place: Place, cases: Iterable[tuple[Plan, Adapter | None]], *, anew: bool = False
) -> str:
    """What the runs of all these have in common: the command that was stopped at one of them, so
    that it is gone on with, unless they are to be begun `anew`."""
    all_of = [] if anew else [_evaluated(place, plan, adapter) for plan, adapter in cases]
    return place.store.stopped_command(all_of) or new_id()


def run(
    place: Place, plan: Plan, adapter: Adapter | None, tell: Tell, command: str = ""
) -> EvalRun:
    """Ask by an adapter, None for the bare model, which stays in force; the run, done. What the
    same `command` has answered is not asked again.

    Raises LocalaiError; whatever ends it, what was answered is kept.
    """
    examples = plan.task.examples(place, plan.pool)[: plan.n or None]
    if not examples:
        raise UsageError(f"{plan.task.name} has no questions in the pool {plan.pool}.")
    store, of = place.store, _evaluated(place, plan, adapter)
    command = command or new_id()
    begun = store.resume_eval(of, command) or store.begin_eval(of, command)
    if begun.state == "done":
        return begun
    try:
        use(place.engine, adapter)
        found = _answered(place, plan, examples, begun, tell)
        summary = summarise(plan.task.measures, plan.task.derived, found)
    except BaseException:
        store.end_eval(begun.id, None)
        raise
    return store.end_eval(begun.id, msgspec.to_builtins(summary))


def outcomes(store: Store, run_id: str) -> tuple[Outcome, ...]:
    """What was answered in a run, by the questions' ids."""
    return tuple(map(_outcome, store.eval_items(run_id)))


def label(of: Evaluated) -> str:
    """What a run is called beside others: its adapter, its style unless it is direct."""
    name = of.name or BARE
    return name if of.style == "direct" else f"{name}, {of.style}"


def _answered(
    place: Place, plan: Plan, examples: Sequence[Example], run: EvalRun, tell: Tell
) -> tuple[Outcome, ...]:
    """The outcome of every question, those that are missing asked now."""
    asked = {each.id: _plain(each) for each in examples}
    kept = {
        item.item: _outcome(item)
        for item in place.store.eval_items(run.id)
        if asked.get(item.item) == item.asked
    }
    left = [each for each in examples if each.id not in kept]
    watch = _Watch(f"{plan.task.name}, {label(run.of)}", len(kept), len(examples), tell)
    ask = plan.task.ask or asking.ask
    for outcome in ask(place, plan.task, left, plan.manner) if left else ():
        place.store.put_eval_item(run.id, _item(outcome))
        kept[outcome.example.id] = outcome
        watch.one(outcome)
    if missing := len(examples) - len(kept):
        raise LocalaiError(f"{plan.task.name} gave no answer to {missing} of its questions.")
    return tuple(kept[each.id] for each in examples)


class _Watch:
    """Tells how far a run is."""

    def __init__(self, stage: str, kept: int, total: int, tell: Tell) -> None:
        self._stage, self._total, self._tell = stage, total, tell
        self._began, self._kept, self._done, self._tokens = time.monotonic(), kept, kept, 0
        tell(Progress(stage, kept, total))

    def one(self, outcome: Outcome) -> None:
        """One more is answered."""
        self._done += 1
        self._tokens += sum(answer.tokens for answer in outcome.answers)
        seconds = max(1e-3, time.monotonic() - self._began)
        left = (self._total - self._done) * seconds / (self._done - self._kept)
        rate = self._tokens / seconds if self._tokens else None
        progress = Progress(
            self._stage, self._done, self._total, tokens_per_second=rate, seconds_left=left
        )
        self._tell(progress)


def _evaluated(place: Place, plan: Plan, adapter: Adapter | None) -> Evaluated:
    manner = msgspec.to_builtins(plan.manner)
    return Evaluated(
        task=plan.task.name,
        pool=plan.pool,
        manner=manner,
        style=plan.manner.style,
        seed=plan.manner.seed,
        wanted=plan.n,
        model=place.entry.name,
        base=file_hash(place.store, required_path(place.entry)),
        adapter=adapter.sha256 if adapter else "",
        name=adapter.name if adapter else "",
    )


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    """A value as it comes back from a JSON column."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    return found


def _item(outcome: Outcome) -> EvalItem:
    scores: dict[str, float | None] = {**outcome.scores}
    answers = [_plain(answer) for answer in outcome.answers]
    return EvalItem(outcome.example.id, _plain(outcome.example), answers, scores)


def _outcome(item: EvalItem) -> Outcome:
    scores = {name: float("nan") if it is None else it for name, it in item.scores.items()}
    answers = tuple(msgspec.convert(answer, Answer) for answer in item.answers)
    return Outcome(msgspec.convert(item.asked, Example), answers, scores)
