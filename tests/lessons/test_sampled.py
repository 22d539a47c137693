"""Sampled answers are learned as they were sampled, to the end marker of the chat template."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai.engine.base import LoadOptions, Rendered
from localai.engine.process import EngineProcess
from localai.engine.scripted import ScriptedEngine
from localai.lessons import sampled


def test_the_answer_and_its_end_count_after_the_prompt() -> None:
    prompt = Rendered((1, 2, 3, 4), (0.0, 1.0, 0.0, 0.0))
    found = sampled.whole(prompt, (7, 8), (9,))
    assert found.ids == (1, 2, 3, 4, 7, 8, 9)
    assert found.weights == (0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0)
    assert sampled.whole(prompt, (7,)).ids == (1, 2, 3, 4, 7)


def test_the_end_marker_is_the_templates() -> None:
    engine = ScriptedEngine()
    assert engine.pieces(sampled.end_marker(engine)) == ("<|im_end|>",)


@pytest.mark.parametrize(
    ("template", "marker"),
    [
        ("", "<|im_end|>"),
        (
            "{% for m in messages %}<|im_start|>{{ m.role }}: {{ m.content }}<|endoftext|>\n"
            "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant: {% endif %}",
            "<|endoftext|>",
        ),
    ],
    ids=["own", "another"],
)
@pytest.mark.model
def test_the_end_marker_of_a_real_model(starter_model: Path, template: str, marker: str) -> None:
    with EngineProcess(LoadOptions(str(starter_model), n_ctx=256, template=template)) as engine:
        assert engine.pieces(sampled.end_marker(engine)) == (marker,)
