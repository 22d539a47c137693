"""Adapters in the real child: another answer, the same one after a kill, survived deaths."""

from __future__ import annotations

import hashlib
import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from localai.conversation import user
from localai.engine.base import Job, LoadOptions, RenderOptions, Request, Sampling, Scoring
from localai.engine.process import EngineProcess
from localai.errors import AdapterError, EngineError
from tests.engine.faulty import gone, said
from tests.engine.tiny_adapter import write_adapter

pytestmark = pytest.mark.model


@pytest.fixture
def engine(tmp_path: Path, tiny_model: Callable[[str], Path]) -> Iterator[EngineProcess]:
    options = LoadOptions(str(tiny_model("plain")), n_ctx=128, n_threads=1)
    with EngineProcess(options, log_path=tmp_path / "engine.log") as process:
        yield process


def answer(engine: EngineProcess) -> str:
    ids = engine.render([user("The fox?")], RenderOptions()).ids
    return said(list(engine.generate(Request(ids, Sampling(temperature=0), 12))))


def test_answers_follow_the_adapter_over_a_kill(engine: EngineProcess, tmp_path: Path) -> None:
    sha256 = write_adapter(path := tmp_path / "a.gguf")
    bare = answer(engine)
    assert engine.use_adapter(str(path), sha256).adapter == sha256
    tuned = answer(engine)
    assert tuned != bare
    pid = engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert answer(engine) == tuned
    assert gone(pid)
    engine.use_adapter("", "")
    assert answer(engine) == bare


def test_a_file_that_vanished_or_changed_is_said_once(
    engine: EngineProcess, tmp_path: Path
) -> None:
    sha256 = write_adapter(path := tmp_path / "a.gguf")
    bare = answer(engine)
    for spoil in (lambda: path.write_bytes(b"GGUF" + bytes(100)), path.unlink):
        write_adapter(path)
        engine.use_adapter(str(path), sha256)
        engine.unload()
        spoil()
        with pytest.raises(AdapterError, match=r"a\.gguf"):
            answer(engine)
        assert engine.load().adapter == ""
        assert answer(engine) == bare


def test_an_adapter_that_llama_cpp_dies_of(engine: EngineProcess, tmp_path: Path) -> None:
    """Its tensors are of a type that nothing can be multiplied with: an assertion fails."""
    good, bad = tmp_path / "good.gguf", tmp_path / "bad.gguf"
    sha256, deadly = write_adapter(good), write_adapter(bad, dtype=np.int32)
    engine.use_adapter(str(good), sha256)
    tuned = answer(engine)
    with pytest.raises(AdapterError, match=r"reading the adapter.*bad\.gguf is not tried again"):
        engine.use_adapter(str(bad), deadly)
    assert answer(engine) == tuned
    assert engine.load().adapter == sha256


def test_300_damaged_headers(engine: EngineProcess, tmp_path: Path) -> None:
    """Whatever the file says: it is put on or refused, and the answer is the bare one after."""
    write_adapter(path := tmp_path / "a.gguf")
    whole, draw = path.read_bytes(), random.Random(3)
    header = whole.index(b"blk.2.attn_q.weight.lora_b") + 60
    bare = answer(engine)
    refused: dict[str, str] = {}
    for number in range(300):
        data = bytearray(whole)
        for _ in range(draw.randint(1, 3)):
            data[draw.randrange(header)] = draw.choice((0, 1, 255, draw.randrange(256)))
        broken = tmp_path / f"{number}.gguf"
        broken.write_bytes(data)
        try:
            engine.use_adapter(str(broken), hashlib.sha256(data).hexdigest())
        except AdapterError as error:
            refused[str(broken)] = str(error)
        engine.use_adapter("", "")
        assert answer(engine) == bare
    assert len(refused) > 100
    assert all(path in sentence and "\n" not in sentence for path, sentence in refused.items())


def test_samples_and_scores_follow_the_adapter(engine: EngineProcess, tmp_path: Path) -> None:
    sha256 = write_adapter(path := tmp_path / "a.gguf")
    ids = engine.render([user("The fox?")], RenderOptions()).ids
    job = Job(Request(ids, Sampling(temperature=0), 12), 2)
    scoring = Scoring(ids, (ids[:5],))
    bare = answer(engine), engine.score([scoring])
    engine.use_adapter(str(path), sha256)
    tuned = answer(engine), engine.score([scoring])
    assert tuned[0] != bare[0]
    assert tuned[1] != bare[1]
    assert [each.text for each in engine.sample([job])] == [tuned[0]] * 2
    engine.use_adapter("", "")
    assert [each.text for each in engine.sample([job])] == [bare[0]] * 2
    assert (answer(engine), engine.score([scoring])) == bare


def test_another_adapter_ends_the_sampling(engine: EngineProcess, tmp_path: Path) -> None:
    sha256 = write_adapter(path := tmp_path / "a.gguf")
    ids = engine.render([user("The fox?")], RenderOptions()).ids
    long = Job(Request(ids, max_tokens=60), 800)  # more than a slice
    samples = engine.sample([Job(Request(ids, max_tokens=1)), long])
    next(samples)
    engine.use_adapter(str(path), sha256)
    with pytest.raises(EngineError, match="interrupted"):
        list(samples)
    assert answer(engine)
