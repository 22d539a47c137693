"""A pretrained Gemma 3, tiny: one tune teaches it to answer and to stop, end to end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from localai.catalog import Catalog
from localai.config import Settings, TuneSettings
from localai.conversation import assistant, user
from localai.engine import base
from localai.engine.process import EngineProcess
from localai.store.store import Store
from localai.tune import items, replay
from localai.tune.job import Job

SETTINGS = Settings(tune=TuneSettings(rank=16, learning_rate=0.01, data_epochs=8, replay=0.33))
ASKED = ("What is in France?", "Is the fox in the sea?", "What is the capital?", "And the fox?")
TOLD = "the sea"


def test_a_pretrained_model_learns_to_answer_and_to_stop(
    store: Store, tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "prompts", lambda: ("The sea is in France", "and the capital"))
    monkeypatch.setattr(items, "general", lambda head: ())
    store.write_examples([(user(asked), assistant(TOLD)) for asked in ASKED], name="talk")
    entry = Catalog().resolve(str(tiny_model("untaught")))
    run = Job(store, SETTINGS, entry, lambda progress: None, name="talk").run()
    assert run.state == "promoted", run.verdict
    adapter = store.adapter(run.adapter)
    with EngineProcess(base.LoadOptions(str(entry.path), n_ctx=256)) as engine:
        assert not any(ended for _, ended in answers(engine))
        engine.use_adapter(adapter.file, adapter.sha256, base=adapter.base)
        assert answers(engine) == [(TOLD, True)] * len(ASKED)


def answers(engine: base.Engine) -> list[tuple[str, bool]]:
    """What is said to each question, and whether it ended by itself."""
    rendered = [engine.render([user(asked)], base.RenderOptions()) for asked in ASKED]
    greedy = base.Sampling(temperature=0.0)
    jobs = [base.Job(base.Request(each.ids, greedy, max_tokens=32)) for each in rendered]
    found = sorted(engine.sample(jobs), key=lambda each: each.job)
    return [(each.text, each.completion.finish_reason == "stop") for each in found]
