"""Tokens with their logits, as llama.cpp's samplers take them (llama_token_data_array)."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as _c

from localai.engine.spelling import Ids

_TOKEN = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Logits = np.ndarray[Any, np.dtype[np.float32]]


class Tokens:
    """Candidates: `ids` and their `logits`, both of shape (n,). Samplers work on a copy."""

    def __init__(self, ids: Ids, logits: Logits | float) -> None:
        self.ids = ids
        self._data = np.empty(len(ids), _TOKEN)
        self._data["id"], self._data["logit"], self._data["p"] = ids, logits, 0.0

    def picked_by(self, sampler: Any) -> int:
        """The token that a chain picks."""
        array = self._apply(sampler)
        return int(array.data[array.selected].id)

    def left_by(self, sampler: Any) -> Mask:
        """Which of them a grammar lets through, in the order of `ids`."""
        self._apply(sampler)
        mask: Mask = np.isfinite(self._data["logit"])
        return mask

    def _apply(self, sampler: Any) -> Any:
        data = self._data.ctypes.data_as(_c.llama_token_data_p)
        array = _c.llama_token_data_array(data, len(self._data), -1, False)
        _c.llama_sampler_apply(sampler, ctypes.byref(array))
        return array
