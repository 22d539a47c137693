"""From what an engine streams to text, reasoning and tool calls. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from localai.chat.offer import Offer
from localai.conversation import Completion, Delta, DeltaKind, Reasoning, Text, ToolCall
from localai.tools.parse.calls import Event, Rejected

Piece = Delta | ToolCall


class Reader:
    """Reads one answer. Without an offer everything is text as it is.

    `enough` becomes True when the answer has to be ended: a model whose calls have no end
    marker goes on after a call, or there are `most` calls. `held` is text that is not certain
    yet: it may belong to a call.
    """

    def __init__(self, offer: Offer | None, *, inside: bool = False, most: int = 0) -> None:
        self._parser = offer.parser(inside=inside) if offer else None
        self._one_line = offer is not None and offer.one_line
        self._most = most
        self._tokens = 0
        self._fed = ""
        self._calls = self._cut = 0
        self.held = ""
        self.enough = False

    def feed(self, delta: Delta) -> list[Piece]:
        """What is certain after more text; what follows a call that ends the answer is
        left out."""
        if self._parser is None or delta.kind == "reasoning":
            return [delta]
        self._tokens += delta.tokens
        pieces: list[Piece] = []
        for char in delta.text:
            if self.enough:
                break
            self._fed += char
            self.held += char
            pieces += self._pieces(self._parser.feed(char))
        return _joined(pieces)

    def end(self) -> list[Piece]:
        """What was held back, when nothing follows."""
        if self._parser is None or self.enough:
            return []
        return self._pieces(self._parser.end())

    def kept(self, completion: Completion, texts: Sequence[str]) -> Completion:
        """The completion of an answer that was ended after a call: without what the model
        said beyond it. `texts` are those of its ids."""
        begin = "".join(texts).find(self._fed[: self._cut])  # after reasoning, if there is any
        length = count = 0
        while begin >= 0 and length < begin + self._cut:
            length += len(texts[count])
            count += 1
        ids = completion.ids[:count]
        return msgspec.structs.replace(
            completion, finish_reason="stop", ids=ids, vocab=completion.vocab if ids else ""
        )

    def _pieces(self, events: Sequence[Event]) -> list[Piece]:
        found: list[Piece] = []
        self.held = "" if events else self.held
        for event in events:
            if isinstance(event, ToolCall):
                self._calls += 1
                # The character that showed the call to be whole is not part of it.
                self._cut = len(self._fed.rstrip())
                found.append(event)
            elif isinstance(event, Text | Rejected) and self._calls and self._one_line:
                self.enough = True
                return found
            else:
                found.append(self._delta(event))
        self.enough = 0 < self._most <= self._calls
        return found

    def _delta(self, event: Text | Reasoning | Rejected) -> Delta:
        text = event.raw if isinstance(event, Rejected) else event.text
        kind: DeltaKind = "reasoning" if isinstance(event, Reasoning) else "text"
        tokens, self._tokens = self._tokens, 0
        return Delta(text, kind, tokens)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one kind as one piece."""
    joined: list[Piece] = []
    for piece in pieces:
        before = joined[-1] if joined else None
        if isinstance(piece, Delta) and isinstance(before, Delta) and piece.kind == before.kind:
            tokens = before.tokens + piece.tokens
            joined[-1] = Delta(before.text + piece.text, piece.kind, tokens)
        else:
            joined.append(piece)
    return joined
