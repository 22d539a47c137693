"""`localai tune --dry-run`: what would be learned, word for word, and what that would take,
without learning it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from localai.cli import record
from localai.cli.data_rewriting import telling
from localai.cli.failure import note
from localai.counted import counted
from localai.lessons.preview import Preview
from localai.measures import duration
from localai.sanitize import clean, one_line
from localai.tune.time_budget import RESERVE

if TYPE_CHECKING:
    from pathlib import Path

    from localai.catalog import ModelEntry
    from localai.cli.invocation import Invocation
    from localai.config import Settings
    from localai.lessons.material import Taught
    from localai.store.store import Store
    from localai.store.tuning import StoredExample
    from localai.tune.estimate import Estimate
    from localai.tune.plan import Options


class Wanted(NamedTuple):
    """What is asked for: of the data set `name`, for a run of `budget` seconds (0: without), with
    rejection sampling or not (`rl`)."""

    name: str
    budget: float
    rl: bool
    only_estimate: bool
    as_json: bool


def run(invocation: Invocation, settings: Settings, entry: ModelEntry, wanted: Wanted) -> None:
    """Show what a tune would learn, with the engine that renders it, and what it would take. Other
    words for questions are looked for as a tune does; not for an estimate alone, which is quick."""
    from localai.lessons import shipped
    from localai.lessons.sets import named
    from localai.tune.dataset import ONLY_GOOD
    from localai.tune.plan import options

    opened = invocation.read_store if wanted.only_estimate else invocation.open_store
    with opened() as store:
        along = shipped.along(store, entry, wanted.name)
        taught, found = _taught(invocation, settings, store, along, wanted)
        data = "" not in named(wanted.name) or bool(along)
        wish = options(settings.tune, data=data, seconds=wanted.budget * (1 - RESERVE))
        taken = _taken(store, entry, taught, wish, rl=wanted.rl)
    of_sets = [x.example for x in taught if x.lesson and x.example.name in named(wanted.name)]
    if not wanted.rl and all(each.source == "good" for each in of_sets):
        note(ONLY_GOOD)
    if wanted.rl and settings.tune.problems:
        note(_problems(settings.tune.problems))
    if wanted.only_estimate:
        show_estimate(taken, as_json=wanted.as_json)
    else:
        show(found, taken, as_json=wanted.as_json)


def _taught(
    invocation: Invocation,
    settings: Settings,
    store: Store,
    along: Sequence[StoredExample],
    wanted: Wanted,
) -> tuple[Sequence[Taught], tuple[Preview, ...]]:
    """What becomes of each accepted example and of those that come `along`; read back, unless
    only an estimate is wanted."""
    from localai.lessons import rewriting
    from localai.lessons.lesson import accepted
    from localai.lessons.maker import maker_for
    from localai.lessons.material import gather
    from localai.lessons.preview import read_back

    examples = (*along, *accepted(store, wanted.name, rl=wanted.rl))
    with closing(invocation.open_session(store, settings, model=invocation.model)) as session:
        maker = maker_for(session)
        if not wanted.only_estimate:
            session.engine.use_adapter("", "")
            with telling() as tell:
                rewriting.complete(store, examples, maker, tell, wanted.budget)
        taught = gather(store, examples, maker)
        read = () if wanted.only_estimate else taught
        return taught, tuple(read_back(session.engine, each) for each in read)


def _taken(
    store: Store, entry: ModelEntry, taught: Sequence[Taught], wish: Options, *, rl: bool
) -> Estimate:
    """What a tune on these would take, with the rounds of rejection sampling if `rl`."""
    from localai.catalog.entry import required_path
    from localai.tune import estimate_rounds
    from localai.tune.estimate import estimate, pace

    made = [each for some in taught if not some.held_out for each in some.examples]
    known = pace(store, entry.name, required_path(entry))
    taken = estimate(made, wish, known)
    if not rl:
        return taken
    rounds = estimate_rounds.rounds(
        store, entry.name, known, wish, taken.training_seconds, wish.seconds or math.inf
    )
    return msgspec.structs.replace(
        taken,
        rounds=rounds.rounds,
        seconds=taken.seconds - taken.training_seconds + rounds.seconds,
    )


def _problems(files: Sequence[Path]) -> str:
    """How many of the questions in the user's files are problems, and what they are for."""
    from localai.evals.problems import own

    found = own.read(files)
    asked = counted(found.questions, "question")
    return (
        f"Of {asked} of your own {len(found.problems)} can be checked: "
        f"{len(found.pool('train'))} to learn from, {len(found.pool('dev'))} to choose by, "
        f"{len(found.pool('gate'))} to judge by."
    )


def show(found: Sequence[Preview], taken: Estimate, *, as_json: bool) -> None:
    """Print what counts of each example; a summary on stderr."""
    if as_json:
        click.echo(record.dumps([fields(each) for each in found]))
    else:
        click.echo("\n".join(_lines(each) for each in found), nl=bool(found))
    if repeated := sum(each.repeated for each in found):
        note(f"{counted(repeated, 'duplicate')} left out; of what says the same the newest stays.")
    if held := sum(each.held_out for each in found):
        note(f"{counted(held, 'example')} held out, to tell when to stop.")
    ways = sum(1 if each.parts else len(each.examples) for each in found if not each.held_out)
    learned = counted(len(found) - repeated - held, "accepted example")
    note(
        f"{learned}, asked in {counted(ways, 'way')}: "
        f"{taken.tokens:,} tokens, of which {taken.supervised:,} are learned. "
        "The model's own answers to other questions come to that."
    )
    note(_what_it_takes(taken))


def show_estimate(taken: Estimate, *, as_json: bool) -> None:
    """Print what a tune would take, and nothing else."""
    if as_json:
        click.echo(record.dumps(msgspec.to_builtins(taken)))
        return
    if taken.examples or not taken.rounds:
        click.echo(
            f"{counted(taken.examples, 'example')} of {taken.tokens:,} tokens, "
            f"of which {taken.supervised:,} are learned."
        )
    click.echo(_what_it_takes(taken))


def _what_it_takes(taken: Estimate) -> str:
    known = (
        f"from {counted(taken.from_runs, 'run')} of this model"
        if taken.from_runs
        else "by rule of thumb for a CPU, as this model has had no run yet"
    )
    return (
        f"An estimate {known}: {_work(taken)}, the whole run {duration(taken.seconds)}, "
        f"{taken.memory / 1e9:.1f} GB of memory."
    )


def _work(taken: Estimate) -> str:
    steps = f"{counted(taken.steps, 'step')} in {duration(taken.training_seconds)}"
    if not taken.rounds:
        return steps
    rounds = f"{counted(taken.rounds, 'round')} of its own right answers"
    return f"{rounds}, with {steps} for the rest in each" if taken.steps else rounds


def fields(each: Preview) -> dict[str, Any]:
    """As a JSON object."""
    return {
        "id": each.example.id,
        "source": each.example.source,
        "question": each.example.question,
        "left_out": each.left_out or None,
        "held_out": each.held_out,
        "examples": [
            {
                "asked": seen.way or None,
                "rewritten": seen.rewritten,
                "text": seen.text,
                "learned": seen.learned,
                "tokens": len(seen.pieces),
                "weighted": seen.weighted,
            }
            for seen in each.examples
        ],
    }


def _lines(each: Preview) -> str:
    """The question, what is learned, in how many ways it is asked or parts it is read."""
    question = one_line(each.example.question)
    if each.left_out:
        return f"{question}\n  left out: {each.left_out}\n"
    learned = dict.fromkeys(clean(seen.learned) for seen in each.examples)
    lines = [f"  {'held out' if each.held_out else 'learned'}: {text}" for text in learned]
    return "\n".join([question, *lines, f"  {each.manner}", ""])
