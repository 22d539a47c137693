"""A model that is taught: data sets, whole tunes, and answers in a chat that stays open.

All in a home of its own that is thrown away; the product's job and session do the work. What
is taught and how answers are judged is for who uses this.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from localai.catalog import Catalog, ModelEntry
from localai.catalog.entry import required_path
from localai.chat.adapters import file_hash
from localai.chat.open import open_session
from localai.chat.prompt import system_text
from localai.chat.session import Session
from localai.config import ChatSettings, SamplingSettings, Settings
from localai.conversation import assistant, user
from localai.lessons.lesson import Lesson
from localai.store.rows import StoredMessage
from localai.store.store import Store
from localai.tune.gate import Verdict
from localai.tune.job import Job
from localai.tune.reporting import Tell

LONGEST_ANSWER = 48
"""Tokens, where nobody says otherwise."""


class Taught(NamedTuple):
    """How a tune went: the adapter's id, whether the gate would have let it in, and why."""

    adapter: str
    passed: bool
    reason: str
    seconds: float


class Kept(Job):
    """A tune whose adapter is kept whatever the gate says, to be measured; what it says is
    still asked, since that takes its time."""

    verdict = Verdict(False, "It was not asked.", ())

    def _judge(self, lessons: tuple[Lesson, ...], folder: Path) -> Verdict:
        self.verdict = super()._judge(lessons, folder)
        return replace(self.verdict, promoted=True)


class School:
    """Teaches a model by data sets, and asks it, greedily."""

    def __init__(self, store: Store, entry: ModelEntry, longest: int) -> None:
        self.store, self._entry = store, entry
        self._base = file_hash(store, required_path(entry))
        self._settings = Settings(  # what is not here comes from LOCALAI_* variables
            sampling=SamplingSettings(temperature=0),
            chat=ChatSettings(max_tokens=longest, example_tokens=0),
        )

    def teach(self, name: str, pairs: Iterable[tuple[str, str]], seconds: float = 0.0) -> Taught:
        """Write questions with their answers into the data set `name` ("": the user's own) and
        tune on it, in that time (0: as long as it needs). The bare model answers before and
        after."""
        head = system_text(self._settings, self._entry.description)
        for asked, told in pairs:
            self.store.write_example((user(asked), assistant(told)), head, name)
        return self.learn(name, seconds)

    def learn(
        self,
        name: str,
        seconds: float = 0.0,
        kind: type[Kept] = Kept,
        *,
        rl: bool = False,
        tell: Tell = lambda progress: None,
    ) -> Taught:
        """Tune on the data set `name`, likewise; by another kind of job, and perhaps with
        rejection sampling (`rl`). How far it is is told to `tell`."""
        began = time.monotonic()
        job = kind(
            self.store,
            self._settings,
            self._entry,
            tell,
            name=name,
            seconds=seconds,
            rl=rl,
        )
        run = job.run()
        taken = time.monotonic() - began
        if not run.adapter:
            raise RuntimeError(f"No adapter came of {name}: {(run.verdict or {}).get('reason')}")
        self.use("")
        return Taught(run.adapter, job.verdict.promoted, job.verdict.reason, taken)

    def use(self, adapter: str) -> None:
        """Let an adapter answer from the next answer on, or the bare model ("")."""
        self.store.activate(self._base, adapter, "chosen")

    @contextmanager
    def chat(self) -> Iterator[Session]:
        """A chat that stays open."""
        model = str(required_path(self._entry))
        with closing(open_session(self.store, self._settings, model=model)) as session:
            yield session

    def answers(self, questions: Sequence[str], adapter: str) -> list[str]:
        """To each question in a conversation of its own."""
        return [each.message.text for each in self.asked(questions, adapter)]

    def asked(self, questions: Sequence[str], adapter: str) -> list[StoredMessage]:
        """The same with how each answer ended."""
        self.use(adapter)
        found = []
        with self.chat() as session:
            for question in questions:
                ask(session, question)
                found.append(session.messages()[-1])
        return found


def ask(session: Session, question: str, *, anew: bool = True) -> str:
    """The answer, in a new conversation or in the one that is open."""
    if anew:
        session.conversation = None
    for _ in session.send(question):
        pass
    return session.messages()[-1].message.text


@contextmanager
def school(model: str, longest: int = LONGEST_ANSWER) -> Iterator[School]:
    """One in a temporary home; answers have at most `longest` tokens."""
    entry, before = Catalog().resolve(model), os.environ.get("LOCALAI_HOME")
    with tempfile.TemporaryDirectory() as home:
        os.environ["LOCALAI_HOME"] = home
        try:
            with Store.open() as store:
                yield School(store, entry, longest)
        finally:
            del os.environ["LOCALAI_HOME"]
            if before is not None:
                os.environ["LOCALAI_HOME"] = before
