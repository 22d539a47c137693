"""However a call ends, and whatever its grammar refuses, nothing of it stays behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from localai.constraint import Constraint
from localai.conversation import Delta
from localai.engine.base import Request
from localai.engine.llama_grammar import Grammar
from localai.errors import EngineError
from localai.tools.grammar.formats import constraints
from tests.engine import running
from tests.engine.calling import TOOLS, led_by, opened
from tests.engine.running import GREEDY, TALE, Rig

pytestmark = pytest.mark.model

NONE: frozenset[int] = frozenset()
HERMES = constraints("hermes", {name: TOOLS[name] for name in ("calculator", "clock")})


@pytest.fixture(scope="module")
def starter(starter_model: Path) -> Iterator[Rig]:
    with running.opened(starter_model, n_ctx=1024) as rig:
        yield rig


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the grammars that were made and freed."""
    count: Counter[str] = Counter()
    make, close = Grammar.__init__, Grammar.close

    def made(self: Grammar, *arguments: object) -> None:
        make(self, *arguments)  # type: ignore[arg-type]
        count["made"] += 1

    def closed(self: Grammar) -> None:
        count["freed"] += self._sampler is not None
        close(self)

    monkeypatch.setattr(Grammar, "__init__", made)
    monkeypatch.setattr(Grammar, "close", closed)
    return count


def test_a_grammar_is_freed_however_the_answer_ends(starter: Rig, live: Counter[str]) -> None:
    request = Request(starter.ids(TALE), GREEDY, 12, constraints=(opened(HERMES[0]),))
    starter.run(request)
    texts: list[Delta] = []
    cancelled = starter.decoder.generate(request, lambda: len(texts) > 1, NONE)
    texts.extend(event for event in cancelled if isinstance(event, Delta))
    stream = starter.decoder.generate(request, lambda: False, NONE)
    while not isinstance(next(stream), Delta):
        pass
    stream.close()
    assert live == {"made": 3, "freed": 3}


def test_a_grammar_is_freed_when_the_model_cannot_be_run(
    starter: Rig, live: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request(starter.ids(TALE), GREEDY, 12, constraints=(opened(HERMES[0]),))
    decode, rows = type(starter.llama).decode, iter(range(4))

    def failing(*arguments: object) -> bool:
        if next(rows, None) is None:
            raise EngineError("llama.cpp failed.")
        return decode(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(type(starter.llama), "decode", failing)
        with pytest.raises(EngineError, match="failed"):
            starter.run(request)
    assert live == {"made": 1, "freed": 1}
    starter.run(request)
    assert live == {"made": 2, "freed": 2}


def test_a_grammar_that_refuses_the_rest_of_a_token_is_freed(
    starter: Rig, live: Counter[str]
) -> None:
    pieces = {id: starter.tokenizer.piece(id) for id in starter.llama.spelling.beginning[ord("(")]}
    beyond = next(id for id, piece in pieces.items() if len(piece) > 1 and piece[1] not in " )\n")
    made = constraints("inline", {"clock": TOOLS["clock"]})
    with led_by([*starter.ids("clock"), int(beyond), *starter.ids("()")]):
        ran = starter.run(Request(starter.ids(TALE), GREEDY, 20, constraints=made))
    assert ran.text.startswith("clock()")
    assert live == {"made": 2, "freed": 2}


def test_a_grammar_that_is_none_is_refused_where_a_token_goes_on_beyond_its_opening(
    starter: Rig, live: Counter[str]
) -> None:
    with led_by(starter.llama.spelling.spell(b"<call>{") or ()):
        request = Request(starter.ids(TALE), GREEDY, 20, constraints=(Constraint("<call", "no"),))
        with pytest.raises(EngineError, match="grammar"):
            starter.run(request)
    assert live == {}
    assert starter.go_on(starter.ids(TALE), 3).done.generated_tokens == 3
