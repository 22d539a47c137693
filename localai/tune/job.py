"""One tune run, from the accepted examples to a promoted adapter, or to none.

The old adapter answers until one transaction at the very end says otherwise, so the run
may be killed anywhere. Training and the parity check run in processes of their own, the
gate in the serving engine. One run at a time, held by a lock file. What is worth training
and what is good enough is decided in the modules this one calls.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from localai import morning, paths
from localai.catalog import ModelEntry
from localai.catalog.entry import required_path
from localai.chat.adapters import file_hash
from localai.chat.open import EngineFactory
from localai.config import Settings
from localai.engine.base import BARE, AdapterFile
from localai.engine.process import EngineProcess
from localai.errors import LocalaiError, ModelError
from localai.evals.tasks import own_problems
from localai.lessons import lesson, rewriting, shipped
from localai.lessons.lesson import Lesson
from localai.lessons.sets import named
from localai.store.runs import EndState
from localai.store.store import Store
from localai.store.tuning import Progress, Run, StoredExample
from localai.tune import adapter, gate, made_sets, replay, resuming, serving, training
from localai.tune.candidates import Candidates
from localai.tune.dataset import dataset, learnable
from localai.tune.found import ROUND, earlier, found_so_far, read_own
from localai.tune.hosts import Hosts
from localai.tune.items import items
from localai.tune.plan import ADAPTER, TOKENS, Made, Options, Plan, Trained, options, spread
from localai.tune.promotion import promote
from localai.tune.reporting import Reporter, Tell
from localai.tune.rounds import TASK, Rounds, Ways
from localai.tune.serving import Serving
from localai.tune.time_budget import TimeBudget
from localai.tune.turns import Turns
from localai.tune.workplace import alone, clear_leftovers, work_folder
from localai.tune_process import Stopped

Lessons = tuple[Lesson, ...]

NOT_BETTER = "Nothing became better by its own right answers, nor was there anything else to learn."


class Job:
    """A run for one model, over the data sets `name` ("": the user's own). `tell` hears how
    far it is, and may raise KeyboardInterrupt (`tune_process.Stopped` with a reason) to end it.

    `seconds` is the whole time it may take (0: as long as it needs); `nightly`: that is how long
    it is to a time of day, so that another run has about as much. `resume` says whether it goes on
    with an interrupted run (None: where nothing changed); `hosts` are the machines that train, this
    one among them (None: it alone); `rl`: it also learns from its own right answers to problems
    (`rounds`), if need be from these alone.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        entry: ModelEntry,
        tell: Tell,
        *,
        name: str = "",
        seconds: float = 0.0,
        resume: bool | None = None,
        hosts: Hosts | None = None,
        rl: bool = False,
        nightly: bool = False,
        factory: EngineFactory = EngineProcess,
    ) -> None:
        self._store, self._settings, self._entry = store, settings, entry
        self._tell, self._time = tell, TimeBudget(seconds, until=nightly)
        self._serving = Serving(store, settings, entry, factory)
        self._name, self._resume, self._hosts, self._rl = name, resume, hosts, rl
        self._nightly, self._resumed = nightly, False
        self._machines = len(hosts.hosts) if hosts else 1
        self._run: Run | None = None
        self._along: tuple[StoredExample, ...] = ()

    def run(self) -> Run:
        """Tune; how it ended. Raises UsageError when there is nothing to do or a run is
        going on, LocalaiError after recording why it failed."""
        with alone(), self._ended():
            path = required_path(self._entry)
            base = file_hash(self._store, path)
            self._own = read_own(self._store, self._settings.tune.problems)
            if made_sets.missing(self._store, self._name):  # which takes long enough to be seen
                known = {"data": self._name, "rl": self._rl}
                self._record(self._store.begin_run(self._entry.name, base, known))
                made_sets.complete(self._store, self._serving, self._name, self._report.say)
            self._along = shipped.along(self._store, self._entry, self._name)
            accepted = (*self._along, *learnable(self._store, self._name, rl=self._rl))
            self._record(self._begin(base, accepted, path))
            return self._go(accepted, path)

    def _record(self, run: Run) -> None:
        """Report for this run from now on."""
        if self._run is None:
            self._report = Reporter(self._store, run.id, self._tell)
        self._run = run

    @contextmanager
    def _ended(self) -> Iterator[None]:
        """Records how the run ends, if there is one, and leaves nothing that it does not need."""
        self._run = None
        try:
            yield
        except Exception as error:
            self._end("failed", str(error))
            raise
        except KeyboardInterrupt as stopped:
            self._end("stopped", stopped.why if isinstance(stopped, Stopped) else "")
            raise
        finally:
            if self._run is not None:
                with suppress(LocalaiError):  # it can be told later from the history
                    morning.write(self._store, self._store.run(self._run.id))
                if not self.resumable:
                    shutil.rmtree(work_folder(self._run.id), ignore_errors=True)

    def _end(self, state: EndState, error: str) -> None:
        """A full disk, say, is told as the first trouble; it may just have been promoted."""
        if self._run is not None:
            with suppress(LocalaiError):
                self._store.end_run(self._run.id, state, error=error)

    @property
    def resumable(self) -> bool:
        """Whether the run, which has ended, can be gone on with."""
        return self._run is not None and not resuming.over(self._store.run(self._run.id))

    def _begin(self, base: str, accepted: tuple[StoredExample, ...], path: Path) -> Run:
        """The interrupted run to go on with, or a new one; what others left is cleared up."""
        wanted = self._options()
        reworded = "" in named(self._name) and wanted.rewrites
        dropped = self._store.dropped_rewrites() if reworded else ()
        plan = {
            "corrections": [example.id for example in accepted],
            "data": self._name,
            "options": msgspec.to_builtins(wanted),
            "seconds": 0.0 if self._nightly else self._time.seconds,
            "rl": self._rl,
            "earlier": earlier(self._store, base, self._name),
            "problems": self._own.ids if self._rl else (),
            **msgspec.to_builtins(gate.aim(example.name for example in accepted)),
            **resuming.learns(accepted, wanted, self._serving.head, path, dropped),
        }
        runs = resuming.unfinished(self._store)
        found = resuming.choose(runs, base, plan, resume=self._resume)
        if self._resume is None:
            resuming.require_new(self._store.runs(), base, plan, found.number if found else 0)
        gone = resuming.replaced(runs, base, plan) - {found.id if found else ""}
        clear_leftovers(self._store, keep={run.id for run in runs} - gone)
        self._resumed = found is not None
        if found is not None:
            if not self._time.seconds:
                self._time = TimeBudget(found.plan["seconds"])
            self._store.resume_run(found.id)
            return self._store.plan_run(found.id, found.plan | {"problems": plan["problems"]})
        if self._run is not None:
            return self._store.plan_run(self._run.id, plan)
        return self._store.begin_run(self._entry.name, base, plan)

    def _go(self, accepted: tuple[StoredExample, ...], base_path: Path) -> Run:
        assert self._run is not None
        folder = paths.private_dir(work_folder(self._run.id))
        plan = training.read_plan(folder)
        if plan is None:
            plan, lessons = self._plan(accepted, base_path)
        else:
            self._report.say(Progress("going on with the interrupted tune"), now=True)
            learned = set(self._run.plan["corrections"])
            lessons = tuple(lesson.read(self._store, x) for x in accepted if x.id in learned)
        turns = Turns.here(
            self._store, self._settings, self._entry, self._report, self._time.waited
        )
        aim = gate.aim(example.name for example in accepted)
        facts: dict[str, Any] = msgspec.to_builtins(gate.Verdict(False, NOT_BETTER, ()))
        candidates = self._candidates(turns)
        for made in candidates.made(folder, plan):
            self._run = candidates.note(msgspec.to_builtins(gate.with_problems(aim, made.cells)))
            facts = self._judged(made, lessons, base_path)
            facts |= {**candidates.facts, "paused": self._time.paused}
            if facts["promoted"]:
                template = self._entry.description.template
                return promote(self._store, self._run, made, facts, template)
            candidates.refuse(made, facts)
        return self._store.end_run(self._run.id, "rejected", verdict=facts)

    def _candidates(self, turns: Turns) -> Candidates:
        """What is trained, in turns with a chat."""
        assert self._run is not None

        def train(folder: Path, plan: Plan) -> Trained:
            return turns.train(folder, plan, self._hosts)

        use = partial(self._serving.use, self._run.base)
        ways = Ways(self._serving.place, use, train, self._time.for_training)
        rounds = self._rounds(ways) if self._rl else None
        return Candidates(self._store, self._run, self._report, self._time, train, rounds)

    def _judged(self, made: Made, lessons: Lessons, base_path: Path) -> dict[str, Any]:
        """What is found out about a candidate, the gate's verdict first."""
        try:
            adapter.check(made.folder / ADAPTER)
        except ModelError as error:
            refused = gate.Verdict(False, str(error), stage="files")
            return dict(msgspec.to_builtins(refused))
        self._report.say(Progress("comparing MLX with llama.cpp"), now=True)
        agreement = training.parity(made.folder, base_path)
        if agreement.passed:
            verdict = self._judge(lessons, made.folder)
        else:
            verdict = gate.Verdict(False, agreement.complaint, ())
        return {
            **msgspec.to_builtins(verdict),
            "parity": msgspec.to_builtins(agreement),
            "memory": made.trained.memory,
            "device": made.trained.device,
            ROUND: made.number,
            "steps": list(made.steps),
            "resumed": self._resumed,
            "machines": max(self._machines, made.plan.options.tokens // TOKENS),
        }

    def _rounds(self, ways: Ways) -> Rounds:
        assert self._run is not None
        earlier = self._run.plan.get("earlier", ())
        task = own_problems.before(TASK, self._own)
        return Rounds(self._store, self._run.id, self._report, ways, earlier, task)

    def _plan(self, accepted: tuple[StoredExample, ...], base: Path) -> tuple[Plan, Lessons]:
        """What to train on, made by the bare model's engine, and the lessons in it; the run's
        plan lists no more than those from now on, and the duplicates that were left out. Raises
        UsageError when nothing can be learned from."""
        assert self._run is not None
        base_hash = self._run.base
        self._report.say(Progress("starting the model"), now=True)
        with self._serving.engine() as engine:
            maker, told = self._serving.maker(engine), self._report.counting(rewriting.STAGE)
            rewriting.complete(self._store, accepted, maker, told, self._time.seconds)
            tell = self._report.counting("asking the model what it knows")
            found = dataset(
                self._store,
                accepted,
                maker,
                lambda: replay.examples(engine, base_hash, self._serving.head, tell),
                self._name,
                alone=not accepted,
            )
            tokenizer = engine.load().vocab_hash
        wanted = spread(self._options(), self._machines)
        learned = [each.id for each in found.lessons]
        said = {*learned, *found.repeated}
        taught = {
            "corrections": learned,
            "duplicates": list(found.repeated),
            "unlearned": [each.id for each in accepted if each.id not in said],
            "options": msgspec.to_builtins(wanted),
        }
        self._run = self._store.plan_run(self._run.id, self._run.plan | taught)
        runs = () if self._rl else self._run.plan.get("earlier", ())  # rounds add them, too
        more = found_so_far(self._store, runs)
        return found.plan(str(base), wanted, tokenizer, more), found.lessons

    def _judge(self, lessons: tuple[Lesson, ...], folder: Path) -> gate.Verdict:
        assert self._run is not None
        with self._serving.place() as place:
            active = self._serving.use_active(place.engine, self._run.base)
            place.engine.use_adapter(BARE.path, BARE.sha256)  # which finds words that are missing
            maker, learned = self._serving.maker(place.engine), self._store.learned(active)
            return gate.compare(
                place,
                items(lessons, maker, self._serving.head, learned),
                AdapterFile(active.file, active.sha256, base=active.base) if active else BARE,
                serving.made(folder, self._run.base),
                self._report.counting,
                msgspec.convert(self._run.plan, gate.Aim),
                max(1.0, self._time.left()) if self._time.seconds else 0.0,
                own_problems.task(self._own),
            )

    def _options(self) -> Options:
        """The settings, with the part of the time budget that training may take."""
        data = "" not in named(self._name) or bool(self._along)
        return options(self._settings.tune, data=data, seconds=self._time.planned())
