"""From what the store has of a run to everything that its report tells. Reads, writes nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from rapidfuzz.distance import Indel

from localai import tune_process
from localai.morning.shifts import shifts
from localai.morning.values import Learned, Morning, Point, Stage
from localai.morning.verdict import CORRECTIONS, Asked, Verdict, verdict
from localai.store.store import Store
from localai.store.tuning import Adapter, Run, StoredExample

MOST_CHANGED = 10
TOGETHER = "With its own right answers to problems, which was tried first, it was refused: {reason}"
ENDED = "Its rounds ended with number {round}, since the next one went wrong: {trouble}."
GIVEN_UP = "Its own right answers were left out, since a round went wrong: {trouble}."

WORN = (
    "What answers now has lost much of that already: `localai tune rollback` takes it back, and "
    "the next tune is compared with what answered before it."
)


def morning(store: Store, run: Run) -> Morning:
    """What there is to tell of a run, also of one that has not ended, or came to no verdict."""
    found = verdict(run.verdict)
    answers = found.answers if found else ()
    metrics = _metrics(store, run, found)
    learned, sets, gone = _learned(store, run)
    active = store.active_adapter(run.base)
    then = active if run.state == "running" else _answered(store, run.base, run.updated)
    return Morning(
        run=run.id,
        model=run.model,
        state=run.state,
        began=run.created,
        ended=run.updated,
        adapter=store.adapter(run.adapter).name if run.adapter else "",
        answers=active.name if active else "",
        answered=then.name if then else "",
        reason=_reason(found) if found else "",
        error=run.error,
        next_step=next_step(run),
        learned=learned,
        sets=sets,
        gone=gone,
        duplicates=len(run.plan.get("duplicates", ())),
        shifts=shifts(found.pools if found else ()),
        since=shifts(found.since if found else ()),
        lost=tuple(each for each in answers if each.lost),
        changed=changed(answers, MOST_CHANGED),
        losses=_points(metrics, "loss"),
        held_out=_points(metrics, "held_out_loss"),
        rounds=store.rounds(run.id),
        stages=tuple(Stage(name, seconds) for name, seconds in run.progress.spent.items()),
        parity=found.parity if found else None,
        memory=found.memory if found else None,
        device=found.device if found else "",
    )


def _reason(found: Verdict) -> str:
    """Why it was decided so, for what was tried last and for what was tried before."""
    told = [found.reason]
    if found.together is not None:
        told.append(TOGETHER.format(reason=found.together.reason))
    if found.trouble:
        ended = ENDED if found.round else GIVEN_UP
        told.append(ended.format(round=found.round, trouble=found.trouble))
    return " ".join(told)


def next_step(run: Run) -> str:
    """What one can do now, in a sentence; the model is named where `-m` may be needed."""
    if run.state == "running":
        return "It is running still: `localai tune status` tells how far it is."
    if run.state == "promoted":
        return "`localai tune rollback` (F4 in the app) brings back what answered before."
    if run.state == "rejected":
        found = verdict(run.verdict)
        worn = found is not None and not all(pool.passed for pool in found.since)
        return WORN if worn else "Correct more answers, then tune again."
    data = run.plan.get("data", "")
    names = f" --data {data}" if data else ""
    if tune_process.resumable(run):
        return f"`localai tune{names} --resume` goes on where it stood."
    names += " --rl" if run.plan.get("rl") else ""
    return f"There is nothing to go on with; `localai tune{names}` begins anew."


def changed(answers: Sequence[Asked], most: int) -> tuple[Asked, ...]:
    """The answers that changed most: corrections first, then those that turned right or wrong,
    then by how little their texts have in common."""
    other = [each for each in answers if each.current.text != each.candidate.text]

    def order(each: Asked) -> tuple[bool, bool, float]:
        turned = each.won or each.lost
        alike = Indel.normalized_similarity(each.current.text, each.candidate.text)
        return each.pool != CORRECTIONS, not turned, alike

    return tuple(sorted(other, key=order)[:most])


def question(store: Store, adapter: Adapter) -> str:
    """A question that shows what an adapter has learned: one that it got right where what was
    there before did not, corrections first, else the first one that it was taught; "" for none."""
    if not adapter.run:
        return ""
    run = store.run(adapter.run)
    found = verdict(run.verdict)
    answers = found.answers if found else ()
    won = [each for each in changed(answers, len(answers)) if each.won]
    if won:
        return won[0].question
    learned, _, _ = _learned(store, run)
    return next((each.question for each in learned), "")


def _metrics(
    store: Store, run: Run, found: Verdict | None
) -> Sequence[tuple[int, dict[str, float]]]:
    """Those of the training that the verdict is about, counted from its first step; all where
    there is none, or it was not recorded."""
    before, last = found.steps if found else (0, 0)
    if last <= before:
        return store.metrics(run.id)
    return [(step - before, values) for step, values in store.metrics(run.id, (before, last))]


def _points(metrics: Sequence[tuple[int, dict[str, float]]], name: str) -> tuple[Point, ...]:
    """The numbers of this name; what is none is left out."""
    named = ((step, values[name]) for step, values in metrics if name in values)
    return tuple(Point(step, value) for step, value in named if math.isfinite(value))


def _learned(store: Store, run: Run) -> tuple[tuple[Learned, ...], dict[str, int], int]:
    """The user's own of what a run learned; how many of each data set; how many are gone."""
    ids: list[str] = run.plan.get("corrections", [])
    known = {example.id: example for example in store.examples()} if ids else {}
    found = [known[id_] for id_ in ids if id_ in known]
    before = _learned_before(store, run)
    own = [_as_learned(store, each, each.id not in before) for each in found if not each.name]
    own.sort(key=lambda each: not each.new)
    sets = Counter(each.name for each in found if each.name)
    return tuple(own), dict(sets), len(ids) - len(found)


def _learned_before(store: Store, run: Run) -> frozenset[str]:
    """What the adapter had learned that answered when the run began."""
    return store.learned(_answered(store, run.base, run.created))


def _answered(store: Store, base: str, when: float) -> Adapter | None:
    """What answered for the model then, in Unix seconds; None for the bare model. An adapter that
    was deleted since is not known any more."""
    log = store.activations(base)
    id_ = next((each.adapter for each in log if each.created <= when), "")
    return store.adapter(id_) if id_ else None


def _as_learned(store: Store, example: StoredExample, new: bool) -> Learned:
    said = store.message(example.rejected).message.text if example.rejected else ""
    return Learned(example.id, example.source, example.question, said, example.answer, new)
