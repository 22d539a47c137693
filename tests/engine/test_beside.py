"""Two adapters side by side: as the fake engine, the fake child and the real child do it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from localai.conversation import Finished, user
from localai.engine.base import (
    BARE,
    AdapterFile,
    LoadOptions,
    RenderOptions,
    Request,
    Sampling,
    Side,
)
from localai.engine.beside import beside
from localai.engine.process import EngineProcess
from localai.engine.scripted import ScriptedEngine
from localai.errors import AdapterError, EngineCrashed, EngineError
from tests.engine.fake_child import DEADLY, REFUSED
from tests.engine.faulty import HASH, fake_engine, said
from tests.engine.tiny_adapter import write_adapter

ONE = AdapterFile("one.gguf", HASH)


def answer(side: Side) -> tuple[str, int]:
    """What is said, and how much of the prompt was in the cache."""
    ids = side.render([user("The fox?")], RenderOptions()).ids
    events = list(side.generate(Request(ids, Sampling(temperature=0), 12)))
    last = events[-1]
    assert isinstance(last, Finished)
    return said(events), last.completion.cached_tokens


def test_each_side_has_its_own_answers_and_its_own_cache() -> None:
    engine = ScriptedEngine(["Bare."], tuned={HASH: "Tuned."})
    assert answer(engine) == ("Bare.", 0)
    with beside(engine, ONE, 512) as tuned:
        assert answer(tuned) == ("Tuned.", 0)
        sides: list[tuple[Side, str]] = [(engine, "Bare."), (tuned, "Tuned.")]
        for side, text in sides:
            found, cached = answer(side)
            assert found == text
            assert cached > 0
        assert tuned.pieces(tuned.tokenize("one two")) == engine.pieces(engine.tokenize("one two"))
        assert engine.requests[-1].beside == engine.beside
    assert engine.beside is None
    assert engine.adapters == []


def test_a_refusal_is_told_before_anything_is_asked() -> None:
    engine = ScriptedEngine(adapter_error=AdapterError("It is no use; choose another."))
    with pytest.raises(AdapterError), beside(engine, ONE):
        pytest.fail("it was let in")
    assert answer(engine)[0] == "Hello!"


def test_it_is_freed_whatever_ends_the_block() -> None:
    engine = ScriptedEngine()
    with pytest.raises(KeyError), beside(engine, ONE):
        raise KeyError
    assert engine.beside is None


def test_the_child_goes_on_after_a_refusal(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        engine.use_adapter("one.gguf", HASH)
        pid = engine.pid
        with (
            pytest.raises(AdapterError, match="no use"),
            beside(engine, AdapterFile(REFUSED, HASH)),
        ):
            pytest.fail("it was let in")
        assert (engine.pid, engine.state, engine.load().adapter) == (pid, "ready", HASH)


def test_a_death_is_told_and_nothing_is_started_to_tidy_up(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "segv", "adapter") as engine:
        engine.use_adapter("one.gguf", HASH)
        with (
            pytest.raises(EngineCrashed, match="while reading the adapter"),
            beside(engine, AdapterFile(DEADLY, HASH)),
        ):
            pytest.fail("it was let in")
        assert (engine.state, engine.pid) == ("crashed", None)
        engine.free_beside()
        assert engine.pid is None
        assert engine.load().adapter == HASH


def test_a_crash_in_the_block_is_what_is_told(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "segv", "token") as engine:
        with pytest.raises(EngineCrashed), beside(engine, ONE) as tuned:
            answer(tuned)
        assert engine.pid is None


def test_one_answer_at_a_time_whatever_the_side(tmp_path: Path) -> None:
    with fake_engine(tmp_path, "slow") as engine, beside(engine, ONE) as tuned:
        events = tuned.generate(Request((1, 2, 3)))
        next(events)
        with pytest.raises(EngineError, match="busy"):
            engine.generate(Request((1, 2, 3)))
        engine.cancel()
        assert isinstance(list(events)[-1], Finished)


@pytest.mark.model
def test_the_real_model_side_by_side_over_a_kill(
    tmp_path: Path, tiny_model: Callable[[str], Path]
) -> None:
    adapter = AdapterFile(str(path := tmp_path / "a.gguf"), write_adapter(path))
    options = LoadOptions(str(tiny_model("plain")), n_ctx=512, n_threads=1)
    with EngineProcess(options, log_path=tmp_path / "engine.log") as engine:
        bare = answer(engine)[0]
        engine.use_adapter(adapter.path, adapter.sha256)
        expected = answer(engine)[0]
        assert expected != bare
        engine.use_adapter("", "")
        ids = engine.tokenize("the fox and the sea")
        with beside(engine, adapter, 256) as tuned:
            assert answer(tuned)[0] == expected
            assert (answer(engine)[0], answer(tuned)[0]) == (bare, expected)
            likely = tuned.probabilities(ids, 1)
            assert likely != engine.probabilities(ids, 1)
            assert engine.pid is not None
            os.kill(engine.pid, signal.SIGKILL)
            os.waitid(os.P_PID, engine.pid, os.WEXITED | os.WNOWAIT)
            assert (answer(engine)[0], answer(tuned)[0]) == (bare, expected)
            assert tuned.probabilities(ids, 1) == likely
            long = engine.generate(Request(ids * 40, Sampling(temperature=0), 4))
            assert said(list(long))
            with pytest.raises(EngineError, match="context window 256"):
                list(tuned.generate(Request(ids * 40)))
        assert engine.load().adapter == ""


@pytest.mark.model
def test_twenty_swaps_of_the_starter_model(starter_model: Path, tmp_path: Path) -> None:
    """Each answer is that of the adapter in force, or of the one beside; none of another."""
    made = []
    for seed in (1, 2):
        path = tmp_path / f"{seed}.gguf"
        sha256 = write_adapter(
            path, seed=seed, layers=range(30), inputs=576, outputs=576, scale=0.02
        )
        made.append(AdapterFile(str(path), sha256))
    options = LoadOptions(str(starter_model), n_ctx=256, n_threads=1)
    with EngineProcess(options, log_path=tmp_path / "engine.log") as engine:
        expected: dict[AdapterFile, str] = {}
        for each in (BARE, *made):
            engine.use_adapter(each.path, each.sha256)
            expected[each] = answer(engine)[0]
        assert len(set(expected.values())) == 3
        with beside(engine, made[0], 256) as tuned:
            for number in range(20):
                each = (BARE, *made)[number % 3]
                assert engine.use_adapter(each.path, each.sha256).adapter == each.sha256
                assert answer(engine) == (expected[each], 0)
            assert answer(tuned)[0] == expected[made[0]]
