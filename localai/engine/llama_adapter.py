"""A LoRA adapter in llama.cpp's memory, made for one loaded model.

Reads the file and frees what was read. Whether it is the right file and changes anything
is judged in `adapter`; `llama.Llama.attach` computes with it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from llama_cpp import llama_cpp as _c

from localai.engine.llama_log import Reasons
from localai.engine.llama_model import LlamaModel
from localai.errors import AdapterError


class LlamaAdapter:
    """An adapter's tensors. It must be detached and closed before its model is freed."""

    def __init__(self, model: LlamaModel, path: Path, sha256: str) -> None:
        """Read the file at `path`, whose content hash is `sha256`. Raises AdapterError."""
        self.sha256 = sha256
        with Reasons() as log:
            self.pointer: Any = _c.llama_adapter_lora_init(model.pointer, os.fsencode(path))
        if not self.pointer:
            raise AdapterError(
                f"llama.cpp cannot use the adapter {path} with this model ({log.first}); "
                "choose another one, or tune this model anew."
            )

    def close(self) -> None:
        """Free the tensors; no context may compute with them any more."""
        if self.pointer is not None:
            _c.llama_adapter_lora_free(self.pointer)
            self.pointer = None
