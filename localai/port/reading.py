"""An import from beginning to end: files to records to the store, in batches.

At most one record and one batch are in memory. What cannot be read is counted with its reason
and its first places; everything else lands. What landed stays, also when the import is stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from localai.conversation import ToolCall
from localai.port import formats, lossless
from localai.port.records import Record, records
from localai.port.sources import PortError, sources
from localai.port.values import Unreadable, check_depth
from localai.store.drafts import Draft, Landed
from localai.store.tree import Tree

BATCH = 8_000
"""Messages in one transaction."""
BATCH_BYTES = 8_000_000
FOLD_AFTER = 16_000_000
"""Characters after which the write-ahead log is folded in."""
PLACES = 3
"""Places that are named for each reason."""
REASONS = 40
"""Different reasons that are told."""


class Sink(Protocol):
    """Takes conversations; a store, or one that only looks."""

    def add_drafts(self, drafts: Iterable[Draft]) -> list[Landed]:
        """As `Store.add_drafts`."""
        ...

    def add_trees(self, trees: list[Tree], *, trust: bool = False) -> list[Landed]:
        """As `Store.add_trees`."""
        ...

    def add_imported(self, name: str, leaves: Sequence[str]) -> int:
        """As `Store.add_imported`."""
        ...

    def fold_log(self) -> None:
        """As `Store.fold_log`."""
        ...


@dataclass
class Skipped:
    """Something that was not taken over: why, how often, and where at first."""

    reason: str
    count: int = 0
    places: list[str] = field(default_factory=list)


@dataclass
class Report:
    """What an import did. Conversations are `added`, `grown` by messages that were new, or
    `known`; `read` counts them all. `corrections` were brought along, to be learned from or
    not; `examples` are new in a data set. `skipped` records, and messages `left_out` of
    others."""

    read: int = 0
    added: int = 0
    grown: int = 0
    known: int = 0
    messages: int = 0
    messages_known: int = 0
    corrections: int = 0
    examples: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, Skipped] = field(default_factory=dict)
    left_out: dict[str, Skipped] = field(default_factory=dict)

    def skip(self, reason: str, where: str) -> None:
        """Count a record that was not taken over."""
        _count(self.skipped, reason, where)

    def land(self, landed: Landed, where: str) -> None:
        """Count a conversation that was."""
        if landed.problem:
            self.skip(landed.problem, where)
            return
        self.read += 1
        self.added += landed.new
        self.grown += not landed.new and landed.added > 0
        self.known += not landed.new and not landed.added
        self.messages += landed.added
        self.messages_known += landed.known
        self.corrections += landed.corrections


class Import:
    """One import under way; `report` is true at any time.

    `progress` is told the bytes read, their total and the messages so far. The corrections of
    our own files are learned from if they are to `trust`. `name` is that of a data set that the
    conversations are put into, to be accepted there, "" for none.
    """

    def __init__(
        self,
        sink: Sink,
        progress: Callable[[int, int, int], None] = lambda *_: None,
        *,
        trust: bool = False,
        name: str = "",
    ) -> None:
        self.report = Report()
        self._sink, self._progress, self._trust, self._name = sink, progress, trust, name
        self._now = time.time()
        self._drafts: list[tuple[str, Draft]] = []
        self._trees: list[tuple[str, Tree]] = []
        self._messages = self._bytes = self._unfolded = 0
        self._read = self._total = 0

    def run(self, path: Path) -> Report:
        """Read all files at `path`. Raises PortError when there are none."""
        found = sources(path)
        self._total, before = sum(source.size for source in found), 0
        for source in found:
            prefix = f"{source.name}, " if len(found) > 1 else ""
            done = before

            def advance(read: int, done: int = done) -> None:
                self._read = done + read
                self._tell()

            try:
                for record in records(source, advance):
                    self._take(prefix + record.where, record)
            except PortError as error:
                self.report.skip(str(error), source.name)
            before += source.size
        self._flush()
        return self.report

    def _take(self, where: str, record: Record) -> None:
        """Read a record and put it to the batch."""
        try:
            if record.problem:
                raise Unreadable(record.problem)
            if record.own:
                self._take_tree(where, record.data)
            else:
                self._take_draft(where, record)
        except Unreadable as error:
            self.report.skip(str(error), where)
        if self._messages >= BATCH or self._bytes >= BATCH_BYTES:
            self._flush()
            self._tell()  # of a small file, all is read before its first record is taken

    def _tell(self) -> None:
        self._progress(self._read, self._total, self.report.messages)

    def _take_draft(self, where: str, record: Record) -> None:
        form = formats.recognise(record.value)
        draft = form.read(record.value, self._now)
        for reason in draft.left_out:
            _count(self.report.left_out, reason, where)
        if not draft.nodes:
            raise Unreadable("it has no messages")
        _tally(self.report.formats, form.name)
        self._drafts.append((where, draft))
        self._messages += len(draft.nodes)
        self._bytes += sum(len(node.message.text) for node in draft.nodes)

    def _take_tree(self, where: str, data: bytes) -> None:
        try:
            tree = lossless.read(data)
        except ValueError as error:
            raise Unreadable("it is no conversation that localai wrote") from error
        for each in tree.messages:
            for part in each.parts:
                if isinstance(part, ToolCall):
                    check_depth(part.arguments)
        _tally(self.report.formats, "localai")
        self._trees.append((where, tree))
        self._messages += len(tree.messages)
        self._bytes += len(data)

    def _flush(self) -> None:
        """Hand the batch to the store."""
        leaves = []
        for places, landed in self._hand_over():
            self.report.land(landed, places)
            leaves += [] if landed.problem else [landed.leaf]
        if self._name:
            self.report.examples += self._sink.add_imported(self._name, leaves)
        self._unfolded += self._bytes
        self._messages = self._bytes = 0
        if self._unfolded >= FOLD_AFTER:
            self._unfolded = 0
            self._sink.fold_log()

    def _hand_over(self) -> Iterator[tuple[str, Landed]]:
        drafts, trees = self._drafts, self._trees
        self._drafts, self._trees = [], []
        if drafts:
            landed = self._sink.add_drafts([draft for _, draft in drafts])
            yield from zip((where for where, _ in drafts), landed, strict=True)
        if trees:
            landed = self._sink.add_trees([tree for _, tree in trees], trust=self._trust)
            yield from zip((where for where, _ in trees), landed, strict=True)


def _count(found: dict[str, Skipped], reason: str, where: str) -> None:
    if reason not in found and len(found) >= REASONS:
        reason = "other reasons"
    entry = found.setdefault(reason, Skipped(reason))
    entry.count += 1
    if len(entry.places) < PLACES:
        entry.places.append(where)


def _tally(found: dict[str, int], name: str) -> None:
    found[name] = found.get(name, 0) + 1
