"""A second context over the loaded model, where another adapter answers beside the first.

The weights are there once; what this costs is its own cache and buffers, for as long as it
is wanted. Runs in the engine process; `beside` is the way to it from outside.
"""

from __future__ import annotations

import msgspec

from localai.engine.adapters import Adapters
from localai.engine.base import Beside
from localai.engine.decoder import Decoder
from localai.engine.llama import Llama


class Second:
    """Opened by the first use, anew where another window is wanted."""

    def __init__(self, first: Llama, adapters: Adapters) -> None:
        self._first, self._adapters = first, adapters
        self._llama: Llama | None = None
        self._decoder: Decoder | None = None

    def decoder(self, wanted: Beside) -> Decoder:
        """What answers by this adapter. Raises AdapterError, ModelError."""
        most = self._first.n_ctx
        options = msgspec.structs.replace(
            self._first.options, n_ctx=min(wanted.n_ctx or most, most), n_seq_max=1
        )
        if self._llama is None or self._decoder is None or self._llama.options != options:
            self.close()
            self._llama = self._first.beside(options)
            self._decoder = Decoder(self._llama)
        try:
            self._adapters.put_on(self._llama, self._decoder, wanted.adapter)
        except Exception:
            self.close()
            raise
        return self._decoder

    def close(self) -> None:
        """Free its memory."""
        if self._llama is not None:
            self._llama.close()
        self._llama = self._decoder = None
