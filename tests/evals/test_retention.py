"""How far a model has moved: nothing for the bare one, more for one that was changed more."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from localai.config import Settings
from localai.conversation import assistant, system, user
from localai.engine.base import Beside, LoadOptions, RenderOptions, TokenProbability
from localai.engine.process import EngineProcess
from localai.engine.scripted import ScriptedEngine
from localai.evals.task import Example, Manner, Outcome, Place
from localai.evals.tasks import find
from localai.store.store import Store
from localai.tools.toolbox import Toolbox
from tests.chat.test_session import entry
from tests.engine.tiny_adapter import write_adapter
from tests.evals.places import place

TASK = find("retention")


def asked(there: Place, examples: Sequence[Example]) -> list[Outcome]:
    assert TASK.ask is not None
    return list(TASK.ask(there, TASK, examples, TASK.manner))


def both(reference: str = "A ship.") -> list[Example]:
    return [
        Example(id="a", question="What sails?", extra={"reference": reference}),
        Example(id="b", question="Write a song."),
    ]


class Tuned(ScriptedEngine):
    """Finds everything half as likely as its base does."""

    def probabilities(
        self, ids: Sequence[int], start: int, beside: Beside | None = None
    ) -> tuple[TokenProbability, ...]:
        share = 0.5 if beside else 0.25
        return tuple(TokenProbability(id, "", share) for id in ids[start:])


def test_the_bare_model_has_not_moved_and_is_asked_nothing(store: Store) -> None:
    there = place(store)
    outcomes = asked(there, both())
    assert [each.scores["kl"] for each in outcomes] == [0.0, 0.0]
    assert [sorted(each.scores) for each in outcomes] == [["kl", "loss"], ["kl"]]
    assert not any(each.answers for each in outcomes)
    assert isinstance(there.engine, ScriptedEngine)
    assert not there.engine.requests
    assert there.engine.beside is None


def test_what_the_base_says_is_less_likely_to_a_model_that_moved(store: Store) -> None:
    engine = Tuned(["Sails."], tuned={"f" * 64: "Something else."})
    engine.use_adapter("a.gguf", "f" * 64)
    first, second = asked(place(store, engine), both())
    assert first.scores == pytest.approx({"kl": math.log(2), "loss": math.log(4)})
    assert second.scores == pytest.approx({"kl": math.log(2)})
    assert first.answers[0].text == "Sails."
    assert engine.beside is None
    (one, other) = engine.requests
    assert one.sampling.temperature == 1
    assert (one.sampling.top_k, one.sampling.top_p, one.sampling.min_p) == (0, 1.0, 0.0)
    assert one.sampling.seed != other.sampling.seed


def test_where_the_base_says_nothing_there_is_nothing_to_compare(store: Store) -> None:
    engine = Tuned([""])
    engine.use_adapter("a.gguf", "f" * 64)
    first, second = asked(place(store, engine), both())
    assert (sorted(first.scores), second.scores) == (["loss"], {})


def test_the_loss_is_over_the_reference_and_its_end_alone(store: Store) -> None:
    engine = ScriptedEngine()
    settings = Settings(chat={"system": "Be kind."})
    first, _ = asked(place(store, engine, settings=settings), both())
    talk = (system("Be kind."), user("What sails?"), assistant("A ship."))
    rendered = engine.render(talk, RenderOptions(generation_prompt=False))
    told = engine.probabilities(rendered.ids, 0)
    wanted = [
        -math.log(token.probability)
        for token, weight in zip(told, rendered.weights, strict=True)
        if weight
    ]
    assert first.scores["loss"] == pytest.approx(sum(wanted) / len(wanted))


def test_a_real_model_moves_more_the_stronger_the_adapter_works(
    store: Store, tiny_model: Callable[[str], Path], tmp_path: Path
) -> None:
    examples = both()
    path = tmp_path / "a.gguf"
    sha256 = write_adapter(path)
    options = LoadOptions(str(tiny_model("plain")), 512, 0, 1)
    found = []
    with EngineProcess(options, log_path=tmp_path / "log") as engine:
        there = Place(engine, entry(), Settings(), store, Toolbox())
        for scale in (0.01, 1.0):
            engine.use_adapter(str(path), sha256, scale=scale)
            found.append(asked(there, examples))
        assert found[1] == asked(there, examples)
    weak, strong = ([abs(each.scores["kl"]) for each in outcomes] for outcomes in found)
    assert max(weak) < 0.2
    assert min(strong) > 1
    assert [each.answers for each in found[0]] == [each.answers for each in found[1]]


def test_a_manner_gives_the_length_and_the_seed(store: Store) -> None:
    engine = Tuned(["One two three four."])
    engine.use_adapter("a.gguf", "f" * 64)
    assert TASK.ask is not None
    for seed in (0, 1):
        manner = Manner(temperature=1.0, max_tokens=2, seed=seed)
        (outcome, _) = TASK.ask(place(store, engine), TASK, both(), manner)
        assert outcome.answers[0].tokens == 2
        assert not outcome.answers[0].ended
    assert engine.requests[0].sampling.seed != engine.requests[2].sampling.seed
