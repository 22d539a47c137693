"""The values of rendering: what a prompt is asked to be, what it became, what a tokenizer is.

No behaviour. The engine hands these to its callers, so they live below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec


class Thinking(msgspec.Struct, frozen=True):
    """How a model marks its reasoning: the strings around it.

    `switchable`: its template can turn reasoning off (e.g. `enable_thinking`).
    """

    open: str
    close: str
    switchable: bool

    def opened_in(self, text: str) -> bool:
        """Whether `text` ends within reasoning."""
        return text.rfind(self.open) > text.rfind(self.close)


class RenderOptions(msgspec.Struct, frozen=True):
    """How a conversation becomes a prompt.

    `generation_prompt`: end with the opening of an assistant turn. `thinking`: None
    leaves the template's default, otherwise reasoning on or off where the template can.
    `prefill`: text the assistant turn starts with. `tools`: JSON schemas, as the
    chat-template convention has them.
    """

    generation_prompt: bool = True
    thinking: bool | None = None
    prefill: str = ""
    tools: tuple[dict[str, Any], ...] = ()


class Rendered(msgspec.Struct, frozen=True):
    """A prompt as the model sees it.

    `ids` and `weights` have the same length; weight 1.0 marks what the assistant wrote,
    its tool calls and its end marker, 0.0 everything else. `in_reasoning` is True when
    the prompt ends inside an opened reasoning block.
    """

    ids: tuple[int, ...]
    weights: tuple[float, ...]
    in_reasoning: bool = False


class Tokenizer(Protocol):
    """A model's vocabulary, as the renderer needs it.

    `control` maps the text of every CONTROL, USER_DEFINED and UNKNOWN token to its id.
    `eog` are the ids that end a generation. `add_bos`: the file wants BOS in front of a prompt;
    `tokenize` itself never adds it. `vocab_hash` names the vocabulary (sha256 hex).
    """

    @property
    def control(self) -> Mapping[str, int]:
        """Text -> id of every token that is recognised as a whole inside text."""
        ...

    @property
    def eog(self) -> frozenset[int]:
        """The ids that end a generation."""
        ...

    @property
    def bos(self) -> int | None:
        """The id a prompt begins with, if the vocabulary has one."""
        ...

    @property
    def eos(self) -> int | None:
        """The id that ends a text, if the vocabulary has one."""
        ...

    @property
    def bos_text(self) -> str:
        """The text of `bos`; empty without one."""
        ...

    @property
    def eos_text(self) -> str:
        """The text of `eos`; empty without one."""
        ...

    @property
    def add_bos(self) -> bool:
        """Whether the file asks for BOS in front of a prompt."""
        ...

    @property
    def vocab_hash(self) -> str:
        """sha256 hex of the vocabulary."""
        ...

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Ids of `text`, without BOS. `special` False leaves control tokens plain text
        (user-defined tokens are recognised all the same, as llama.cpp does)."""
        ...

    def piece(self, id: int) -> str:
        """The text of one id, control tokens included."""
        ...

    def piece_bytes(self, id: int) -> bytes:
        """The exact bytes of one id, control tokens included: part of a character, maybe."""
        ...

    def is_control(self, id: int) -> bool:
        """Whether `id` is a CONTROL or UNKNOWN token: text to `tokenize` without `special`."""
        ...
