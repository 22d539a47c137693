"""A conversation goes on after a restart of the engine, with the real process around it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from localai.conversation import Completion, Finished, assistant, user
from localai.engine.base import LoadOptions, RenderOptions, Request, Sampling
from localai.engine.process import EngineProcess
from localai.kv_folder import KvFolder
from localai.store.columns import pack
from tests.engine.faulty import wait_until

GREEDY = Sampling(temperature=0)
TALE = "The fox and the sea: what is it that you want to know about ships? " * 40


def answer(engine: EngineProcess, ids: tuple[int, ...], n: int = 24) -> Completion:
    *_, last = engine.generate(Request(ids, GREEDY, n))
    assert isinstance(last, Finished)
    return last.completion


@pytest.fixture
def options(starter_model: Path, tmp_path: Path) -> LoadOptions:
    folder = str(tmp_path / "kv")
    return LoadOptions(str(starter_model), 1024, kv_folder=folder, kv_disk=10**9)


@pytest.mark.model
def test_the_starter_answers_after_loading_as_after_reading(
    options: LoadOptions, tmp_path: Path
) -> None:
    def started(how: LoadOptions) -> EngineProcess:
        return EngineProcess(how, log_path=tmp_path / "engine.log")

    folder = KvFolder(Path(options.kv_folder))
    with started(options) as engine:
        ids = engine.render([user(TALE)], RenderOptions()).ids
        said = answer(engine, ids)
        wait_until(lambda: len(folder.files()) == 1)  # in a moment of rest, unasked
        talk = [user(TALE), assistant("".join(engine.pieces(said.ids))), user("Is it deep?")]
        following = engine.render(talk, RenderOptions()).ids
    with started(msgspec.structs.replace(options, kv_folder="")) as engine:
        read = answer(engine, following)
    with started(options) as engine:
        loaded = answer(engine, following)
    assert read.cached_tokens == 0
    assert loaded.cached_tokens >= len(ids)
    assert loaded.ids == read.ids
    (saved,) = folder.files()
    assert pack(ids[:100]) in saved.path.read_bytes()
    folder.erase()
    traces = [path for path in folder.path.iterdir() if pack(ids[:4]) in path.read_bytes()]
    assert traces == []


def test_keeping_is_for_an_engine_that_is_there_and_idle(
    tiny_model: Callable[[str], Path], tmp_path: Path
) -> None:
    options = LoadOptions(
        str(tiny_model("plain")), 1024, 0, 1, kv_folder=str(tmp_path / "kv"), kv_disk=10**9
    )
    folder = KvFolder(tmp_path / "kv")
    with closing(EngineProcess(options, log_path=tmp_path / "log")) as engine:
        engine.keep()
        assert engine.pid is None  # it was not started for that
        events = engine.generate(Request(engine.tokenize("x" * 800), GREEDY, 20))
        next(events)
        engine.keep()
        assert folder.files() == []
        list(events)
        engine.keep()
        assert len(folder.files()) == 1
    engine.keep()
    assert engine.pid is None


def test_an_engine_drops_what_was_forgotten_while_it_ran(
    tiny_model: Callable[[str], Path], tmp_path: Path
) -> None:
    options = LoadOptions(
        str(tiny_model("plain")), 1024, 0, 1, kv_folder=str(tmp_path / "kv"), kv_disk=10**9
    )
    folder = KvFolder(tmp_path / "kv")
    with EngineProcess(options, log_path=tmp_path / "log") as engine:
        ids = engine.tokenize("x" * 800)
        answer(engine, ids)
        folder.erase()
        engine.keep()
        assert folder.files() == []
        assert answer(engine, ids).cached_tokens == 0
        engine.keep()
        assert len(folder.files()) == 1
