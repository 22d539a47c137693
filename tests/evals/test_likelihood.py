"""How likely an answer is, and where in it the right word has been said."""

from __future__ import annotations

import math

import pytest

from localai.engine.scripted import ScriptedEngine
from localai.evals.likelihood import TINY, deciding, log_likelihoods


def test_the_beginning_that_decides_is_the_shortest_right_one() -> None:
    engine = ScriptedEngine()
    ids = engine.tokenize("The capital is Rome, of course.")
    short = deciding(engine, ids, lambda text: "Rome" in text)
    assert "".join(engine.pieces(short)).endswith("Rome")
    assert ids[: len(short)] == short
    assert deciding(engine, ids, lambda text: False) == ids
    assert deciding(engine, (), lambda text: True) == ()


def test_a_log_likelihood_is_the_sum_over_the_answer_alone() -> None:
    engine = ScriptedEngine()
    prompt, ids = engine.tokenize("What is it?"), engine.tokenize("A town in Italy.")
    told = engine.probabilities((*prompt, *ids), len(prompt))
    wanted = sum(math.log(token.probability) for token in told)
    assert log_likelihoods(engine, [(prompt, ids), (prompt, ())]) == pytest.approx([wanted, 0.0])


def test_what_is_impossible_is_very_unlikely(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = ScriptedEngine()
    (token,) = engine.probabilities(engine.tokenize("No"), 0)[:1]
    monkeypatch.setattr(
        engine,
        "probabilities",
        lambda ids, start: (type(token)(token.id, token.text, 0.0),),
    )
    assert log_likelihoods(engine, [((1,), (token.id,))]) == pytest.approx([math.log(TINY)])
