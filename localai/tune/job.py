"""One tune run, from the accepted examples to a promoted adapter, or to none.

The old adapter answers until one transaction at the very end says otherwise, so the run
may be killed anywhere. Training and the parity check run in processes of their own, the
gate in the serving engine. One run at a time, held by a lock file. What is worth training
and what is good enough is decided in the modules this one calls.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from pathlib import Path

import msgspec

from localai import paths
from localai.catalog import ModelEntry
from localai.catalog.entry import required_path
from localai.chat.adapters import file_hash
from localai.chat.open import EngineFactory, load_options, open_toolbox
from localai.config import Settings
from localai.digest import sha256
from localai.engine.base import BARE, AdapterFile, Engine
from localai.engine.process import EngineProcess
from localai.errors import AdapterError, LocalaiError, UsageError
from localai.evals.task import Place
from localai.lessons import lesson, rewriting, shipped
from localai.lessons.lesson import Lesson
from localai.lessons.maker import Maker, maker_of
from localai.store.store import Store
from localai.store.tuning import Progress, Run, StoredExample
from localai.tools.tool import Tool
from localai.tune import adapter, gate, replay, resuming, training
from localai.tune.dataset import dataset
from localai.tune.hosts import Hosts
from localai.tune.items import items
from localai.tune.plan import ADAPTER, TOKENS, Options, Plan, options, spread
from localai.tune.promotion import promote
from localai.tune.reporting import Reporter, Tell
from localai.tune.turns import Turns
from localai.tune.workplace import alone, clear_leftovers, work_folder

RESERVE = 0.3
"""Share of the time budget kept for what comes after training."""

Lessons = tuple[Lesson, ...]

ONLY_GOOD = (
    "Good answers alone give nothing to become better at; correct an answer, then tune again."
)


class Job:
    """A run for one model, over the data sets `name` ("": the user's own). `tell` hears how
    far it is; `seconds` is the whole time it may take (0: as long as it needs); `resume`
    says whether it goes on with an interrupted run (None: where nothing changed); `hosts` are
    the machines that train, this one among them (None: it alone)."""

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
        factory: EngineFactory = EngineProcess,
    ) -> None:
        self._store, self._settings, self._entry = store, settings, entry
        self._tell, self._seconds, self._factory = tell, seconds, factory
        self._name, self._resume, self._hosts = name, resume, hosts
        self._begun, self._resumed = time.monotonic(), False
        self._run: Run | None = None
        self._along: tuple[StoredExample, ...] = ()

    def run(self) -> Run:
        """Tune; how it ended. Raises UsageError when there is nothing to do or a run is
        going on, LocalaiError after recording why it failed."""
        with alone():
            accepted = lesson.accepted(self._store, self._name)
            if all(example.source == "good" for example in accepted):
                raise UsageError(ONLY_GOOD)
            path = required_path(self._entry)
            self._along = shipped.along(self._store, self._entry, self._name)
            accepted = (*self._along, *accepted)
            self._run = self._begin(file_hash(self._store, path), accepted, path)
            self._report = Reporter(self._store, self._run.id, self._tell)
            try:
                return self._go(accepted, path)
            except Exception as error:
                with suppress(LocalaiError):  # a full disk, say, is told as the first trouble
                    self._store.end_run(self._run.id, "failed", error=str(error))
                raise
            except KeyboardInterrupt:
                with suppress(LocalaiError):  # it may just have been promoted
                    self._store.end_run(self._run.id, "stopped")
                raise
            finally:
                if not self.resumable:
                    shutil.rmtree(work_folder(self._run.id), ignore_errors=True)

    @property
    def resumable(self) -> bool:
        """Whether the run, which has ended, can be gone on with."""
        return self._run is not None and not resuming.over(self._store.run(self._run.id))

    def _begin(self, base: str, accepted: tuple[StoredExample, ...], path: Path) -> Run:
        """The interrupted run to go on with, or a new one; what others left is cleared up."""
        wanted = self._options()
        reworded = not self._name and wanted.rewrites
        dropped = self._store.dropped_rewrites() if reworded else ()
        plan = {
            "corrections": [example.id for example in accepted],
            "data": self._name,
            "options": msgspec.to_builtins(wanted),
            "seconds": self._seconds,
            **msgspec.to_builtins(gate.aim(example.name for example in accepted)),
            **resuming.learns(accepted, wanted, self._head(), path, dropped),
        }
        runs = resuming.unfinished(self._store)
        found = resuming.choose(runs, base, plan, resume=self._resume)
        gone = resuming.replaced(runs, base, plan) - {found.id if found else ""}
        clear_leftovers(self._store, keep={run.id for run in runs} - gone)
        self._resumed = found is not None
        if found is not None:
            return self._store.resume_run(found.id)
        return self._store.begin_run(self._entry.name, base, plan)

    def _go(self, accepted: tuple[StoredExample, ...], base_path: Path) -> Run:
        assert self._run is not None
        folder = paths.private_dir(work_folder(self._run.id))
        plan = resuming.kept(self._run.id)
        if plan is None:
            plan, lessons = self._plan(accepted, base_path)
        else:
            self._report.say(Progress("going on with the interrupted tune"), now=True)
            learned = set(self._run.plan["corrections"])
            lessons = tuple(lesson.read(self._store, x) for x in accepted if x.id in learned)
        turns = Turns.here(self._store, self._settings, self._entry, self._report)
        trained = turns.train(folder, plan, self._hosts)
        adapter.check(folder / ADAPTER)
        self._report.say(Progress("comparing MLX with llama.cpp"), now=True)
        agreement = training.parity(folder, base_path)
        if agreement.passed:
            verdict = self._judge(lessons, folder)
        else:
            verdict = gate.Verdict(False, agreement.complaint, ())
        facts = {
            **msgspec.to_builtins(verdict),
            "parity": msgspec.to_builtins(agreement),
            "memory": trained.memory,
            "device": trained.device,
            "resumed": self._resumed,
            "paused": turns.paused,
            "machines": max(self._machines, plan.options.tokens // TOKENS),  # began or ended it
        }
        if not verdict.promoted:
            return self._store.end_run(self._run.id, "rejected", verdict=facts)
        template = self._entry.description.template
        return promote(self._store, self._run, plan, trained, facts, template)

    def _plan(self, accepted: tuple[StoredExample, ...], base: Path) -> tuple[Plan, Lessons]:
        """What to train on, made by the bare model's engine, and the lessons in it; the run's
        plan lists no more than those from now on, and the duplicates that were left out. Raises
        UsageError when nothing can be learned from."""
        assert self._run is not None
        base_hash = self._run.base
        self._report.say(Progress("starting the model"), now=True)
        with self._engine() as engine:
            maker, told = self._maker(engine), self._report.counting(rewriting.STAGE)
            rewriting.complete(self._store, accepted, maker, told, self._seconds)
            tell = self._report.counting("asking the model what it knows")
            found = dataset(
                self._store,
                accepted,
                maker,
                lambda: replay.examples(engine, base_hash, self._head(), tell),
                self._name,
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
        plan = Plan(str(base), wanted, found.own, found.replay, found.parity, found.held, tokenizer)
        return plan, found.lessons

    def _maker(self, engine: Engine) -> Maker:
        return maker_of(engine, lambda: self._tools, self._entry.description, self._settings)

    @cached_property
    def _tools(self) -> tuple[Tool, ...]:
        """The tools that calls in examples may be of; looked for only if there are calls."""
        toolbox = open_toolbox(self._settings)
        toolbox.close()
        return tuple(toolbox.tools.values())

    def _judge(self, lessons: tuple[Lesson, ...], folder: Path) -> gate.Verdict:
        assert self._run is not None
        active = self._store.active_adapter(self._run.base)
        candidate = folder / ADAPTER
        with self._engine() as engine, closing(open_toolbox(self._settings)) as toolbox:
            if active is not None:
                try:
                    engine.use_adapter(active.file, active.sha256, base=active.base)
                except AdapterError:  # the chat answers without it, too
                    active = None
                else:  # words that are missing are the bare model's
                    engine.use_adapter(BARE.path, BARE.sha256)
            learned = self._store.learned(active)
            return gate.compare(
                Place(engine, self._entry, self._settings, self._store, toolbox),
                items(lessons, self._maker(engine), self._head(), learned),
                AdapterFile(active.file, active.sha256, base=active.base) if active else BARE,
                AdapterFile(str(candidate), sha256(candidate), base=self._run.base),
                self._report.counting,
                msgspec.convert(self._run.plan, gate.Aim),
                max(1.0, self._left) if self._seconds else 0.0,
            )

    @property
    def _machines(self) -> int:
        return len(self._hosts.hosts) if self._hosts else 1

    def _options(self) -> Options:
        """The settings, with the part of the time budget that training may take."""
        left = self._left - self._seconds * RESERVE
        seconds = max(1.0, left) if self._seconds else 0.0
        return options(self._settings.tune, data=bool(self._name or self._along), seconds=seconds)

    @property
    def _left(self) -> float:
        """Seconds of the time budget."""
        return self._seconds - (time.monotonic() - self._begun)

    def _head(self) -> str:
        """The system text of new conversations."""
        return self._settings.chat.system or self._entry.description.system

    @contextmanager
    def _engine(self) -> Iterator[Engine]:
        engine = self._factory(load_options(self._settings, self._entry, private=True))
        try:
            yield engine
        finally:
            engine.close()
