"""The gate: the candidate against what answers now, in the engine that will serve it.

First the file is looked at, then a few questions of every pool are asked, then all of what the
run trained for, then the rest; where nothing can come of it any more, it ends. What is then to be
let in is held against the bare model, too. That only ever refuses, so no stage lets more in by
chance. How many are asked does not depend on how the answers
come out either, but on what the tests need, the settings, and the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from localai.engine.base import BARE, AdapterFile
from localai.errors import AdapterError, ModelError
from localai.evals.items import Item
from localai.evals.task import Answer, Place, Task
from localai.tune import adapter
from localai.tune.gate import alarms, closeness, rules
from localai.tune.gate.aim import Aim
from localai.tune.gate.bare import Bare
from localai.tune.gate.questions import Items, Questions, pools
from localai.tune.gate.verdict import Heard, Rule, Said, Verdict, held_against_bare, judge

SLICE = 10
"""Questions of each pool that are asked first."""

TURNED = 0.1
"""Share of the questions that turn either way when two models are about the same: fewer
questions than the tests need for it, four times in five, are not asked, however short time is."""

CLEAR_GAIN = (0.2, 0.05)
"""Shares won and lost by which the least is told of a pool that has to become better."""

FEW_NUMBERS = 20
"""The least where a number is compared, and not right with wrong."""

NEW, PRESENT = "asking the new model", "asking the present model"
BEFORE = "asking the bare model"

Tell = Callable[[int, int], None]


def compare(
    place: Place,
    items: Sequence[Item],
    current: AdapterFile,
    candidate: AdapterFile,
    tell: Callable[[str], Tell],
    aim: Aim | None = None,
    seconds: float = 0.0,
    own: Task | None = None,
) -> Verdict:
    """Ask both and judge; the engine answers by `current` afterwards. `tell(what)` gives what is
    told how far that is. It is to take `seconds`, 0: as long as it needs; `own` are the user's
    problems. Of an adapter that cannot be used the verdict says why."""
    aim, begun = aim or Aim(), time.monotonic()
    try:
        adapter.check(Path(candidate.path))
        if place.entry.path is not None:
            adapter.check_fits(Path(candidate.path), place.entry.path)
        place.engine.use_adapter(candidate.path, candidate.sha256, base=candidate.base)
    except (ModelError, AdapterError) as error:
        return Verdict(False, str(error), stage="files", targets=aim.targets)
    place.engine.use_adapter(current.path, current.sha256, base=current.base)
    secrets = frozenset(word for item in items for word in item.taught)
    asker = Asker(place, pools(place, items, aim, own), current, candidate, tell)
    bare, until = Bare(place, candidate.base), begun + seconds if seconds else 0.0
    found = _in_stages(asker, aim, secrets, until)
    if current == BARE:
        asker.keep(bare)
    elif found.promoted:
        found = held_against_bare(found, asker.since(bare, until))
    return found


def _in_stages(asker: Asker, aim: Aim, secrets: frozenset[str], until: float) -> Verdict:
    """The slice, the targets, and the whole, as far as it is worth while."""
    every = asker.pools
    asker.ask({pool.name: min(SLICE, len(pool)) for pool in every})
    if found := alarms.alarm(asker.said(every), secrets):
        told = [replace(each, rule=_told(each.rule)) for each in asker.heard(every)]
        return judge(told, aim, "slice", found)
    sizes = asker.sizes(until)
    targets = [pool for pool in every if pool.rule.kind == "better"]
    asker.ask({pool.name: sizes[pool.name] for pool in targets})
    seen = judge(asker.heard(targets), aim, "targets")
    if len(targets) < len(aim.targets) or not all(pool.passed for pool in seen.pools):
        return seen
    asker.ask(sizes)
    heard = asker.heard(every)
    return judge(heard, aim, "whole", alarms.alarm(heard, secrets))


def _told(rule: Rule) -> Rule:
    return replace(rule, kind="told")


class Asker:
    """Asks both models, and keeps what they said."""

    def __init__(
        self,
        place: Place,
        pools: Sequence[Questions],
        current: AdapterFile,
        candidate: AdapterFile,
        tell: Callable[[str], Tell],
    ) -> None:
        self.pools, self._place, self._tell = tuple(pools), place, tell
        self._sides = (current, candidate)
        self._said: dict[str, tuple[dict[int, Said], dict[int, Said]]] = {
            pool.name: ({}, {}) for pool in pools
        }
        self._spent = dict.fromkeys(self._said, 0.0)

    def ask(self, sizes: dict[str, int]) -> None:
        """Ask so many questions of each pool, less those that were asked before."""
        for side, what in enumerate((PRESENT, NEW)):
            self._answer_by(side)
            tell, done = self._tell(what), 0
            left = {
                pool: range(len(self._said[pool.name][side]), sizes[pool.name])
                for pool in self.pools
                if pool.name in sizes
            }
            total = sum(map(len, left.values()))
            tell(0, total)
            for pool, numbers in left.items():
                begun = time.monotonic()
                for number, said in pool.ask(self._place, numbers) if numbers else ():
                    self._said[pool.name][side][number] = said
                    done += 1
                    if done < total:
                        tell(done, total)
                self._spent[pool.name] += time.monotonic() - begun
        self._answer_by(0)

    def sizes(self, until: float) -> dict[str, int]:
        """How many questions of each pool to ask, so that it is over by then (0.0: whenever), if
        fewer can decide: what is left of the time is shared out by what each has taken so far."""
        whole = {pool.name: len(pool) for pool in self.pools}
        if not until:
            return whole
        costs = {name: self._spent[name] / max(1, len(self._said[name][0])) for name in self._said}
        rest = sum(cost * (whole[name] - len(self._said[name][0])) for name, cost in costs.items())
        share = min(1.0, max(0.0, until - time.monotonic()) / rest) if rest else 1.0
        return {
            pool.name: min(len(pool), max(round(share * len(pool)), self._least(pool)))
            for pool in self.pools
        }

    def keep(self, bare: Bare) -> None:
        """Keep what the present model said, which is the bare one."""
        said = [(pool, self._said[pool.name][0]) for pool in self._kept]
        bare.keep(*((pool, {at: it.value for at, it in some.items()}) for pool, some in said))

    def since(self, bare: Bare, until: float) -> list[Heard]:
        """The pools that must be kept, with the bare model's answers as those before: as far as
        they are known, and can be asked until then (0.0: whenever). The engine answers by the
        present model afterwards."""
        tell, found = self._tell(BEFORE), list[Heard]()
        self._use(BARE)
        for done, pool in enumerate(self._kept):
            tell(done, len(self._kept))
            now = self._said[pool.name][1]
            known = bare.values(pool, len(now))
            missing = [at for at in range(len(now)) if at not in known]
            missing = missing[: self._room(pool, until)]
            if missing:
                known |= {at: said.value for at, said in pool.ask(self._place, missing)}
                bare.keep((pool, known))
            before = tuple(Said("", Answer(text=""), known[at]) for at in sorted(known))
            after = tuple(now[at] for at in sorted(known))
            found.append(Heard(pool.name, pool.rule, before, after))
        self._answer_by(0)
        return found

    def said(self, pools: Sequence[Questions]) -> list[Heard]:
        """What both said so far, none of it taken as close."""
        return [self._heard(pool) for pool in pools]

    def heard(self, pools: Sequence[Questions]) -> list[Heard]:
        """The same, with what turned by a hair; the engine answers by the present model before
        and after."""
        found = self.said(pools)
        engine = self._place.engine
        told = {
            at: (pool.items, closeness.turned(engine, pool.items, each.before, each.after))
            for at, (pool, each) in enumerate(zip(pools, found, strict=True))
            if isinstance(pool, Items)
        }
        if any(turned for _, turned in told.values()):
            was = {at: closeness.likelihoods(engine, *each) for at, each in told.items()}
            self._answer_by(1)
            now = {at: closeness.likelihoods(engine, *each) for at, each in told.items()}
            self._answer_by(0)
            for at in told:
                close = closeness.close(found[at].after, was[at], now[at])
                found[at] = replace(found[at], close=close)
        return found

    def _heard(self, pool: Questions) -> Heard:
        before, after = (
            tuple(said for _, said in sorted(side.items())) for side in self._said[pool.name]
        )
        whole = isinstance(pool, Items)
        return Heard(pool.name, pool.rule, before, after, whole=whole, general=pool.general)

    def _least(self, pool: Questions) -> int:
        """Fewer questions of a pool are not asked, if there are as many."""
        rule = pool.rule
        if rule.kind == "better" and not isinstance(pool, Items):
            return rules.needed_to_win(*CLEAR_GAIN)
        if rule.kind != "kept":
            return len(pool)
        if rule.unit:
            return FEW_NUMBERS
        return rules.needed_to_keep(rule.margin, turned=TURNED)

    @property
    def _kept(self) -> list[Questions]:
        return [pool for pool in self.pools if pool.rule.kind == "kept"]

    def _room(self, pool: Questions, until: float) -> int:
        """For how many questions of a pool there is time, by what they took so far."""
        if not until:
            return len(pool)
        cost = self._spent[pool.name] / max(1, 2 * len(self._said[pool.name][1]))
        return int(max(0.0, until - time.monotonic()) / max(cost, 1e-9))

    def _answer_by(self, side: int) -> None:
        self._use(self._sides[side])

    def _use(self, wanted: AdapterFile) -> None:
        self._place.engine.use_adapter(wanted.path, wanted.sha256, base=wanted.base)
