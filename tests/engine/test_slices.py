"""Sampling slice by slice, and what happens between two slices; with a fake child."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from localai.conversation import Finished, user
from localai.engine.base import Job, RenderOptions, Request, Scoring
from localai.errors import EngineCrashed, EngineError
from tests.engine.faulty import fake_engine

REQUEST = Request((1, 2, 3))
JOBS = (Job(REQUEST, 2), Job(REQUEST), Job(REQUEST, 0))
TEXTS = ["1.0", "0.1", "0.0"]


def test_samples_arrive_as_they_end(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        assert [each.text for each in engine.sample(JOBS)] == TEXTS
        assert list(engine.sample(())) == []
        assert engine.state == "ready"


def test_other_calls_get_their_turn_between_two_slices(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        texts = []
        for each in engine.sample(JOBS):
            texts.append(each.text)
            assert engine.render([user("four")], RenderOptions()).ids == (0, 1, 2, 3)
            assert isinstance(list(engine.generate(REQUEST))[-1], Finished)
        assert texts == TEXTS


def test_sampling_waits_for_the_end_of_an_answer(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "slow") as engine:
        events = engine.generate(REQUEST)
        next(events)
        texts: list[str] = []
        thread = threading.Thread(target=lambda: texts.extend(s.text for s in engine.sample(JOBS)))
        thread.start()
        engine.cancel()
        assert isinstance(list(events)[-1], Finished)
        thread.join()
        assert texts == TEXTS


def test_closing_it_ends_it_and_the_next_one_begins_anew(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        for _ in range(3):
            with closing(engine.sample(JOBS)) as samples:
                assert next(samples).text == TEXTS[0]
        assert [each.text for each in engine.sample(JOBS)] == TEXTS


def test_it_can_be_stopped_before_the_next_sample(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        stop = threading.Event()
        stop.set()
        assert [each.text for each in engine.sample(JOBS, stop)] == TEXTS[:1]
        assert engine.state == "ready"
        assert [each.text for each in engine.sample(JOBS)] == TEXTS


def test_closing_it_does_not_wait_for_an_answer(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "slow") as engine:
        samples = engine.sample(JOBS)
        next(samples)
        events = engine.generate(REQUEST)
        next(events)
        samples.close()
        events.close()
        assert [each.text for each in engine.sample(JOBS)] == TEXTS


def test_one_sampling_at_a_time(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        first = engine.sample(JOBS)
        next(first)
        assert [each.text for each in engine.sample(JOBS)] == TEXTS
        with pytest.raises(EngineError, match="interrupted"):
            next(first)
        assert engine.state == "ready"


@pytest.mark.parametrize("fault", ["segv", "exit"])
def test_a_child_that_dies_meanwhile_is_replaced(tmp_path: Path, fault: str) -> None:
    with fake_engine(tmp_path, fault, "sample", once=True) as engine:
        with pytest.raises(EngineCrashed):
            list(engine.sample(JOBS))
        assert [each.text for each in engine.sample(JOBS)] == TEXTS


QUESTIONS = [Scoring((1,), ((2, 3), ())), Scoring((1, 2), ())]
SCORES = (((0.0, 0.0), ()), ())


def test_scores_come_back_in_order(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        assert engine.score(QUESTIONS) == SCORES
        assert engine.score(()) == ()
        assert engine.state == "ready"


def test_scoring_waits_for_the_end_of_an_answer(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "slow") as engine:
        events = engine.generate(REQUEST)
        next(events)
        found: list[object] = []
        thread = threading.Thread(target=lambda: found.append(engine.score(QUESTIONS)))
        thread.start()
        engine.cancel()
        assert isinstance(list(events)[-1], Finished)
        thread.join()
        assert found == [SCORES]


def test_a_child_that_dies_while_it_scores_is_replaced(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "segv", "score", once=True) as engine:
        with pytest.raises(EngineCrashed):
            engine.score(QUESTIONS)
        assert engine.score(QUESTIONS) == SCORES
