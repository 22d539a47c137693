"""Rounds of rejection sampling: what is sampled, learned, measured, and when they end."""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from localai.conversation import Event
from localai.engine.base import Engine, Request
from localai.engine.script import Script
from localai.engine.scripted import ScriptedEngine
from localai.errors import EngineError, ModelError
from localai.evals.task import Answer, Example, Manner, Measure, Place, Pool, Scores, Task
from localai.lessons.maker import Example as Taught
from localai.store.discovering import KEPT
from localai.store.store import Store
from localai.tune import training
from localai.tune.plan import ADAPTER, Made, Options, Plan, Step, Trained
from localai.tune.reporting import Reporter
from localai.tune.rounds import LOOKED, PATIENCE, Rounds, Ways
from tests.evals import places

OPTIONS = Options(rank=4, learning_rate=1e-3, epochs=1, replay=0.5)
PLAN = Plan("base.gguf", OPTIONS, (), (), ())
OWN = Taught((1, 2, 3), (0.0, 1.0, 1.0))
NUMBERS = re.compile(r"What is (\d+) \+ (\d+)")


def problems(place: Place, pool: Pool) -> Sequence[Example]:
    """Sums, in three kinds: one is at the edge, one too hard, one too easy."""
    kinds = (("sums", 0), ("hard", 1000), ("easy", 2000))
    first = {"train": 0, "dev": 400, "gate": 800}[pool]
    return [
        Example(
            id=f"{pool}-{kind}-{at}",
            question=f"What is {begin + first + at} + 1?",
            kind=kind,
            level=1,
            answers=(str(begin + first + at + 1),),
        )
        for at in range(120)
        for kind, begin in kinds
    ]


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """Whether the last word is the sum."""
    right = [answer.text.strip(" .").split()[-1:] == [example.answers[0]] for answer in answers]
    return {"right": sum(right) / len(right)}


TASK = Task(
    name="sums",
    about="Sums.",
    measures=(Measure("right", "the sum is right"),),
    examples=problems,
    score=score,
)


class Learner(ScriptedEngine):
    """Gets `skill` of four sums right, in more words or fewer, by the seed; hard ones never, easy
    ones always."""

    def __init__(self) -> None:
        super().__init__()
        self.skill = 1

    def generate(self, request: Request) -> Generator[Event, None, None]:
        """The next reply."""
        found = NUMBERS.findall("".join(self.pieces(request.ids)))
        first, second = map(int, found[-1])
        turn = (request.sampling.seed or 0) + first
        right = first >= 2000 or (first < 1000 and turn % 4 < self.skill)
        total = first + second + (0 if right else 7)
        self._replies = [Script(f"{total}" if turn % 3 else f"That is easily said: {total}")]
        return super().generate(request)


class School:
    """Rounds without MLX: each teaches the learner as `skills` says."""

    def __init__(self, store: Store, folder: Path, skills: Sequence[int]) -> None:
        self.store, self.folder, self.skills = store, folder, skills
        self.run = store.begin_run("toy", "base", {}).id
        self.plans: list[Plan] = []
        self.opened = 0
        self.seconds = 1e9
        self.left_then: float | None = None
        """Seconds that are left once something was trained; None: as many as before."""
        self.trouble: dict[int, BaseException] = {}
        """What goes wrong in which training."""

    def go(self, plan: Plan = PLAN) -> Made | None:
        """All rounds."""
        ways = Ways(self._open, self._use, self._train, lambda: self.seconds)
        self.report = Reporter(self.store, self.run, lambda progress: None)
        manner = Manner(temperature=0.8, max_tokens=16)
        self.rounds = Rounds(self.store, self.run, self.report, ways, (), TASK, manner)
        return self.rounds.go(self.folder, plan)

    @contextmanager
    def _open(self) -> Iterator[Place]:
        self.opened += 1
        yield places.place(self.store, Learner())

    def _use(self, engine: Engine, folder: Path | None) -> None:
        assert isinstance(engine, Learner)
        engine.skill = self.skills[int(folder.name.removeprefix("round-")) if folder else 0]

    def _train(self, folder: Path, plan: Plan) -> Trained:
        self.plans.append(plan)
        training.write_plan(folder, plan)
        if trouble := self.trouble.get(len(self.plans)):
            raise trouble
        if self.left_then is not None:
            self.seconds = self.left_then
        for number in (1, 2):
            self.report.hear(Step(number, 2, 1.0, tokens=10, seconds=1.0))
        (folder / ADAPTER).write_bytes(b"adapter")
        return Trained(1, "cpu", "t")


@pytest.fixture
def school(store: Store, tmp_path: Path) -> School:
    return School(store, tmp_path, (1, 2, 3, 3, 3, 3, 3, 3, 3, 3))


def test_rounds_go_on_as_long_as_they_help(school: School) -> None:
    best = school.go()
    assert best is not None
    assert (best.number, best.folder.name) == (2, "round-2")
    rounds = school.store.rounds(school.run)
    assert [each.dev for each in rounds] == pytest.approx([0.25, 0.5, 0.75, 0.75, 0.75], abs=0.02)
    assert len(school.plans) == best.number + PATIENCE


def test_only_what_is_at_the_edge_is_asked(school: School) -> None:
    school.go()
    first, second = school.store.attempts(school.run, 0), school.store.attempts(school.run, 1)
    assert {each.kind for each in first} == {"sums", "hard", "easy"}
    assert {each.kind for each in second} == {"sums"}
    assert len({each.problem for each in first}) == 3 * LOOKED
    assert not {each.problem for each in first} & {each.problem for each in second}


def test_what_is_learned_was_sampled_and_is_right(school: School) -> None:
    school.go()
    logged = {
        each.hash: each
        for number in range(len(school.store.rounds(school.run)))
        for each in school.store.attempts(school.run, number)
    }
    for plan in school.plans:
        assert plan.own
        for taught in plan.own:
            (attempt,) = [each for each in logged.values() if each.ids == taught.ids]
            assert attempt.right
            assert attempt.outcome == KEPT
            counted = [at for at, weight in enumerate(taught.weights) if weight]
            assert counted == list(range(*attempt.spans[0]))
    assert school.plans[0].own == school.plans[1].own[: len(school.plans[0].own)]
    assert len(school.plans[1].own) > len(school.plans[0].own)


def test_the_answers_that_are_learned_are_the_lean_ones(school: School) -> None:
    school.go()
    kept = [each for each in school.store.attempts(school.run, 1) if each.outcome == KEPT]
    shortest = {each.problem: each.tokens for each in kept}
    for each in school.store.attempts(school.run, 1):
        if each.right and each.problem in shortest:
            assert each.tokens >= shortest[each.problem] or each.outcome != KEPT
    assert any(each.tokens == 1 for each in kept)


def test_nothing_is_made_where_nothing_helps(store: Store, tmp_path: Path) -> None:
    assert School(store, tmp_path, (1,) * 10).go() is None


def test_what_else_is_learned_is_judged_all_the_same(store: Store, tmp_path: Path) -> None:
    school = School(store, tmp_path, (2, 1, 1, 1))
    best = school.go(replace(PLAN, own=(OWN,)))
    assert best is not None
    assert best.number == 1
    assert school.plans[0].own[0] == OWN


def test_nothing_at_the_edge_means_no_rounds(store: Store, tmp_path: Path) -> None:
    school = School(store, tmp_path, (0, 0))
    assert school.go() is None
    assert not school.plans


def test_without_time_there_is_no_next_round(school: School) -> None:
    school.left_then = 0.0
    best = school.go()
    assert best is not None
    assert len(school.plans) == 1
    assert school.rounds.short


def test_without_time_there_is_not_even_a_first(school: School) -> None:
    school.seconds = 0.0
    assert school.go(replace(PLAN, own=(OWN,))) is None
    assert school.rounds.short
    assert school.store.attempts(school.run, 1) == ()


@pytest.mark.parametrize(("left", "planned"), [(500.0, 500.0), (math.inf, 0.0)])
def test_a_round_is_trained_in_the_time_that_is_left(
    school: School, left: float, planned: float
) -> None:
    """Where that is unlimited: as long as it needs, whatever the run had when it was begun."""
    school.seconds = left
    school.go(replace(PLAN, options=replace(OPTIONS, seconds=100.0)))
    assert {plan.options.seconds for plan in school.plans} == {planned}


def test_a_killed_run_asks_and_trains_nothing_twice(school: School) -> None:
    school.trouble[2] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        school.go()
    before, took = school.store.attempts(school.run, 2), school.store.rounds(school.run)[1].seconds
    trained = list(school.plans)
    school.seconds /= 2
    best = school.go()
    assert best is not None
    assert best.number == 2
    assert school.store.attempts(school.run, 2) == before
    assert school.store.rounds(school.run)[1].seconds >= took > 0
    assert school.store.rounds(school.run)[2].seconds > 0
    assert school.plans[len(trained)] == trained[-1]  # which its checkpoint belongs to
    assert len(school.plans) == 1 + best.number + PATIENCE


def test_a_killed_run_uses_what_it_trained_also_without_time_for_more(school: School) -> None:
    school.trouble[3] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        school.go()
    school.seconds = 1e-9
    best = school.go()
    assert best is not None
    assert best.number == 2


def test_a_round_that_goes_wrong_leaves_what_was_better(school: School) -> None:
    school.trouble[3] = ModelError("It came to no number; the adapter in use stays. Look.")
    best = school.go()
    assert best is not None
    assert (best.number, school.rounds.trouble) == (2, "It came to no number")


def test_a_round_that_goes_wrong_leaves_what_else_is_learned(school: School) -> None:
    school.trouble[1] = EngineError("It died.")
    assert school.go(replace(PLAN, own=(OWN,))) is None
    assert school.rounds.trouble == "It died"


def test_a_round_that_goes_wrong_is_told_where_there_is_nothing_else(school: School) -> None:
    school.trouble[1] = EngineError("It died.")
    with pytest.raises(EngineError, match=r"It died\."):
        school.go()


def test_the_steps_of_all_rounds_make_one_curve(school: School) -> None:
    school.go()
    before = [each.steps_before for each in school.store.rounds(school.run)]
    assert before == [None, *(2 * at for at in range(len(school.plans)))]
    steps = [step for step, _ in school.store.metrics(school.run)]
    assert steps == list(range(1, 2 * len(school.plans) + 1))


def test_rounds_end_where_everything_is_mastered(store: Store, tmp_path: Path) -> None:
    school = School(store, tmp_path, (2, 4, 4, 4))
    best = school.go()
    assert best is not None
    assert best.number == 1
    assert len(school.plans) == 2
