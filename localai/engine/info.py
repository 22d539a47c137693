"""What is loaded, in the words of the engine contract."""

from __future__ import annotations

from pathlib import Path

from localai.engine.base import ModelInfo
from localai.engine.llama import Llama
from localai.render.tokens import Renderer


def model_info(llama: Llama, renderer: Renderer) -> ModelInfo:
    """Everything a front end shows or keys its records by."""
    metadata = llama.metadata
    path = llama.options.path
    return ModelInfo(
        path=path,
        name=metadata.get("general.name", "") or Path(path).stem,
        architecture=metadata.get("general.architecture", ""),
        n_ctx=llama.n_ctx,
        n_vocab=llama.vocab.size,
        accelerator=llama.model.accelerator,
        template_source=renderer.template_source,
        vocab_hash=llama.tokenizer.vocab_hash,
        thinking=renderer.thinking,
        template=renderer.template,
        template_tools=renderer.supports_tools,
        control=tuple(llama.tokenizer.control),
    )
