"""Chooses a generation's tokens where tool calls in it are held to a grammar.

Outside of calls it samples as without constraints, and looks for openings. One that is
spelled out in ordinary text may be a mention of the marker: there the call begins with the
next token if it fits, and otherwise the text is left as it is. Within a call, each token
that the sampler chooses is checked alone; only when the grammar refuses it, the same
sampler chooses among what fits: the distribution is that of the model, over what is allowed.
When the call is whole and nothing can follow in it, or no token of this vocabulary can go
on, sampling is free again.
"""

from __future__ import annotations

import numpy as np

from localai.constraint import Constraint
from localai.engine.llama import Llama
from localai.engine.llama_grammar import Grammar
from localai.engine.llama_sampler import Sampler
from localai.engine.llama_tokens import Tokens
from localai.engine.openings import Openings
from localai.engine.slot import Slot
from localai.engine.spelling import Ids

DRAWS = 6
"""Tokens tried one by one before all that fit are looked up."""


class Guide:
    """Stands in for the `sampler` of one slot, which it owns."""

    def __init__(self, llama: Llama, sampler: Sampler, slot: Slot) -> None:
        request = slot.request
        self._llama, self._sampler, self._slot = llama, sampler, slot
        self._openings = Openings(request.constraints, request.reasoning, inside=slot.stream.inside)
        self._every: Ids = np.arange(llama.vocab.size, dtype=np.int32)
        self._read = 0
        self._grammar: Grammar | None = None
        self._mentioned: Constraint | None = None
        self._controls: frozenset[int] = frozenset()
        self._banned: frozenset[int] = frozenset()

    def sample(self, row: int) -> int:
        """The next token after the one at `row` of the last batch."""
        self._catch_up()
        if self._grammar is None and (given := self._openings.given()):
            self._begin(given, b"")
        if self._grammar is not None:
            return self._within(self._grammar, row)
        first = self._sampler.sample(row)
        if self._taken_up(first):
            return first
        token = self._open(first, row)
        if token != first:  # which a repeat penalty counts all the same
            self._sampler.accept(token)
        return token

    def close(self) -> None:
        """Free everything."""
        if self._grammar is not None:
            self._grammar.close()
            self._grammar = None
        self._sampler.close()

    def _catch_up(self) -> None:
        """Take note of the tokens since the last time, those among them that were forced."""
        new = self._slot.ids[self._read :]
        self._read += len(new)
        pieces = [(self._llama.tokenizer.piece_bytes(id), self._special(id)) for id in new]
        if self._grammar is None:
            special = b"".join(bytes([mark]) * len(piece) for piece, mark in pieces)
            data = b"".join(piece for piece, _ in pieces)
            self._openings.wrote(data, inside=self._slot.stream.inside, special=special)

    def _special(self, token: int) -> bool:
        tokenizer = self._llama.tokenizer
        return tokenizer.is_control(token) or tokenizer.is_marker(token)

    def _taken_up(self, token: int) -> bool:
        """Whether a marker was mentioned just before, and this token begins the call."""
        mentioned, self._mentioned = self._mentioned, None
        if mentioned is None or token in self._slot.end_ids:
            return False
        return self._begin(mentioned, self._llama.tokenizer.piece_bytes(token))

    def _open(self, token: int, row: int) -> int:
        """`token`; but where it completes an opening and goes on with what the grammar
        refuses, the sampler's choice without it. A mention of a marker is left as it is."""
        refused: list[int] = []
        while token not in self._slot.end_ids:
            data = self._llama.tokenizer.piece_bytes(token)
            found = self._openings.completed(data, special=self._special(token))
            if found is None:
                break
            if found.spelled and not found.rest:
                self._mentioned = found.constraint
                break
            if self._begin(found.constraint, found.rest) or found.spelled:
                break
            refused.append(token)
            token = self._choose(np.delete(self._every, refused), row)
        return token

    def _begin(self, constraint: Constraint, rest: bytes) -> bool:
        """Hold to a constraint what follows its opening, `rest` of it in the same token;
        False, and nothing is begun, when the rest does not fit."""
        spelled = self._llama.spelling.spell(rest)
        if spelled is None:
            return False
        grammar = Grammar(self._llama, constraint.grammar)
        for id in spelled:
            if not grammar.fits(id):
                grammar.close()
                return False
            grammar.accept(id)
        self._grammar = grammar
        self._limit(constraint.grammar)
        return True

    def _limit(self, grammar: str) -> None:
        """Ban tokens of control that the grammar does not spell out, which nobody would
        see, and markers of reasoning, which would not be taken for text."""
        tokenizer, rule = self._llama.tokenizer, self._slot.request.reasoning
        controls = self._llama.spelling.control
        meant = (id for id in controls if (text := tokenizer.piece(id)) and text in grammar)
        self._controls = frozenset(meant)
        markers = (rule.open, rule.close) if rule else ()
        known = tokenizer.control
        self._banned = frozenset(controls) - self._controls | {
            known[m] for m in markers if m in known
        }

    def _within(self, grammar: Grammar, row: int) -> int:
        grammar = self._going_on(grammar)
        token = self._sampler.choose(Tokens(self._every, self._llama.logits(row)))
        if not self._fits(grammar, token):
            other = self._other(grammar, row)
            if other is None:
                self._end()
            token = self._open(token, row) if other is None else other
        self._sampler.accept(token)
        if self._grammar is grammar and token not in self._slot.end_ids:
            grammar.accept(token)
        return token

    def _going_on(self, grammar: Grammar) -> Grammar:
        """The grammar, or the one of the constraint that follows where its text is whole."""
        following = self._openings.following(self._last())
        if following is None or not grammar.whole:
            return grammar
        self._end()
        self._begin(following, b"")
        return self._grammar or grammar

    def _other(self, grammar: Grammar, row: int) -> int | None:
        """A token that fits; None where only the end of the answer does, or nothing.

        Drawing again without what was refused gives the same distribution as drawing among
        what fits, and mostly finds it before all of it is looked up.
        """
        ends: Ids = np.array([], np.int32)
        controls = [id for id in self._controls if self._fits(grammar, id)]
        ids = np.concatenate([grammar.possible(), np.array(controls, np.int32)])
        ids = ids[~np.isin(ids, [*self._banned, *self._slot.end_ids])]
        if grammar.whole:
            ends = np.array([*self._slot.end_ids], np.int32)
            ids = grammar.fitting(ids)
        for draw in range(DRAWS + 1):
            if draw == DRAWS:
                ids = grammar.fitting(ids)
            if not len(ids):
                break
            token = self._choose(np.concatenate([ids, ends]), row)
            if self._fits(grammar, token):
                return token
            ids = ids[ids != token]
        return None

    def _fits(self, grammar: Grammar, token: int) -> bool:
        if token in self._slot.end_ids:
            return grammar.whole
        if token in self._banned or not grammar.fits(token):
            return False
        return token not in self._controls or not grammar.takes_as_text(token)

    def _end(self) -> None:
        if self._grammar is not None:
            self._grammar.close()
            self._grammar = None
            self._openings.ended(self._last())

    def _last(self) -> bytes:
        """The bytes of the last token."""
        return b"".join(map(self._llama.tokenizer.piece_bytes, self._slot.ids[-1:]))

    def _choose(self, ids: Ids, row: int) -> int:
        return self._sampler.choose(Tokens(ids, self._llama.logits(row)[ids]))
