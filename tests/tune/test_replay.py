"""The model's own answers: asked for once, kept, and made anew when the file is of no use."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from localai.engine.base import LoadOptions, ModelInfo
from localai.engine.process import EngineProcess
from localai.engine.scripted import Script, ScriptedEngine
from localai.errors import EngineCrashed
from localai.lessons.maker import Example
from localai.tune import replay

PROMPTS = len(replay.prompts())


def made(engine: ScriptedEngine, base: str = "b", head: str = "Be brief.") -> tuple[Example, ...]:
    return replay.examples(engine, base, head, lambda done, total: None)


def kept(home: Path) -> list[Path]:
    return sorted((home / "cache").glob("replay-*"))


def test_each_prompt_with_the_answer_that_alone_counts() -> None:
    engine = ScriptedEngine([f"Answer {at}." for at in range(PROMPTS)])
    told: list[tuple[int, int]] = []
    found = replay.examples(
        engine, "b", "Be brief.", lambda done, total: told.append((done, total))
    )
    assert told == [(at, PROMPTS) for at in range(PROMPTS)]
    assert all(request.sampling.temperature == 0 for request in engine.requests)
    for at, (prompt, example) in enumerate(zip(replay.prompts(), found, strict=True)):
        whole = "".join(engine.pieces(example.ids))
        assert whole.startswith("<|im_start|>system\nBe brief.<|im_end|>")
        assert f"user\n{prompt}<|im_end|>" in whole
        counted = [id for id, w in zip(example.ids, example.weights, strict=True) if w]
        assert "".join(engine.pieces(counted)) == f"Answer {at}.<|im_end|>"


@pytest.mark.model
def test_the_end_of_a_real_answer_counts(
    starter_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "prompts", lambda: ("What is the capital of France?",))
    with EngineProcess(LoadOptions(str(starter_model), n_ctx=256)) as engine:
        (found,) = replay.examples(engine, "b", "Be brief.", lambda done, total: None)
        ends = [id for id, weight in zip(found.ids, found.weights, strict=True) if weight][-1:]
        assert engine.pieces(ends) == ("<|im_end|>",)


def test_an_answer_that_was_cut_is_taught_without_an_end() -> None:
    engine = ScriptedEngine([" ".join(["on"] * 200)])
    example = made(engine)[0]
    assert sum(example.weights) == replay.LONGEST_ANSWER
    assert all(example.weights[-replay.LONGEST_ANSWER :])
    assert "<|im_end|>" not in engine.pieces(example.ids[-replay.LONGEST_ANSWER :])


def test_without_a_system_text_there_is_none() -> None:
    engine = ScriptedEngine()
    assert "system" not in "".join(engine.pieces(made(engine, head="")[0].ids))


def test_of_a_model_without_a_template_texts_are_what_there_is() -> None:
    class Untaught(ScriptedEngine):
        def load(self) -> ModelInfo:
            return replace(super().load(), template_source="fallback")

    engine = Untaught([*(f"goes on {at}." for at in range(PROMPTS - 1)), ""])
    found = made(engine)
    assert len(found) == PROMPTS - 1
    for at, (prompt, example) in enumerate(zip(replay.prompts(), found, strict=False)):
        assert "".join(engine.pieces(example.ids)) == f"{prompt}goes on {at}."
        counted = [id for id, w in zip(example.ids, example.weights, strict=True) if w]
        assert "".join(engine.pieces(counted)) == f"goes on {at}."


def test_answers_are_kept() -> None:
    first = made(ScriptedEngine(["One."]))
    engine = ScriptedEngine(["Two."])
    assert made(engine) == first
    assert engine.requests == []


@pytest.mark.parametrize("other", [{"base": "c"}, {"head": "Be long."}])
def test_another_model_or_system_text_is_asked_anew(other: dict[str, str], home: Path) -> None:
    made(ScriptedEngine())
    engine = ScriptedEngine()
    made(engine, **other)
    assert len(engine.requests) == PROMPTS
    assert len(kept(home)) == 2


@pytest.mark.parametrize("damage", [b"", b"\x93", b"\xc0", b"\x91\x92\x01\x02"])
def test_a_damaged_file_is_made_anew(damage: bytes, home: Path) -> None:
    first = made(ScriptedEngine())
    (file,) = kept(home)
    file.write_bytes(damage)
    engine = ScriptedEngine()
    assert made(engine) == first
    assert len(engine.requests) == PROMPTS
    assert made(ScriptedEngine(["Other."])) == first


def test_nothing_half_made_is_kept(home: Path) -> None:
    with pytest.raises(EngineCrashed):
        made(ScriptedEngine(["One.", "Two.", Script("Three.", crash_at=0)]))
    assert kept(home) == []
