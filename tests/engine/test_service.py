"""What the engine process does with commands, on a model that is only pretended."""

from __future__ import annotations

import pytest

from localai.engine import frames, service
from localai.engine.base import LoadOptions
from localai.engine.llama import Llama
from localai.errors import ModelError


class PretendedLlama:
    """An open model that notes when it is closed."""

    template, tokenizer, closed = "", None, False

    def close(self) -> None:
        self.closed = True


def test_a_model_whose_template_is_no_use_is_closed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = PretendedLlama()

    def refuse(*_: object, **__: object) -> None:
        raise ModelError("Its template is no use; choose another model.")

    monkeypatch.setattr(Llama, "open", lambda options: opened)
    monkeypatch.setattr(service, "Renderer", refuse)
    working = service.Service(lambda number: False)
    answers = list(working.answers(frames.Load(1, LoadOptions("some.gguf"))))
    refusal = frames.Failed(1, "model", "Its template is no use; choose another model.")
    assert answers == [refusal]
    assert opened.closed
    (unloaded,) = working.answers(frames.Tokenize(2, "hello"))
    assert isinstance(unloaded, frames.Failed)
    assert "No model is loaded" in unloaded.message
