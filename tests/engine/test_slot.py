"""A generation's limits and counts, with a vocabulary of bytes and no model."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from localai.conversation import Completion, Delta, Finished
from localai.engine.base import ReasoningRule, Request
from localai.engine.prefix import Line
from localai.engine.slot import Slot
from tests.engine.bytewise import ANSWER, END, THINK, TOKENIZER, TURN

RULE = ReasoningRule("<think>", "</think>")
scraps = st.sampled_from([*b"ab\n", *"é".encode(), 0xFF, THINK, ANSWER, TURN, *b"STOP"])


def said(tokens: Iterable[int], request: Request, room: int = 1000) -> tuple[str, str, Completion]:
    """Feed tokens as a model would give them: reasoning, answer, completion.

    Where the engine writes by itself the model waits. Ends like a cancel when it is silent.
    """
    slot = Slot(request, Line(0), TOKENIZER, frozenset({END}), room)
    source, deltas = iter(tokens), list[Delta]()
    while slot.finish is None:
        forced = slot.forced()
        token = next(source, None) if forced is None else forced
        if token is None:
            break
        deltas += slot.accept(token)
    *rest, last = slot.close(slot.finish or "cancelled")
    assert isinstance(last, Finished)
    deltas += [delta for delta in rest if isinstance(delta, Delta)]
    shown = {"text": "", "reasoning": ""}
    for delta in deltas:
        shown[delta.kind] += delta.text
    assert sum(delta.tokens for delta in deltas) <= last.completion.generated_tokens
    return shown["reasoning"], shown["text"], last.completion


def spelt(ids: Iterable[int]) -> str:
    return "".join(map(TOKENIZER.piece, ids))


def test_the_end_token_ends_it_and_is_no_part_of_it() -> None:
    _, text, done = said([*b"yes", END, *b"no"], Request((1,)))
    assert (text, done.finish_reason) == ("yes", "stop")
    assert (done.ids, done.generated_tokens) == (tuple(b"yes"), 3)
    assert done.vocab == TOKENIZER.vocab_hash


def test_it_ends_at_its_limit_or_when_the_window_is_full() -> None:
    for request, room in ((Request((1,), max_tokens=3), 9), (Request((1,), max_tokens=9), 3)):
        _, text, done = said(b"abcdef", request, room)
        assert (text, done.finish_reason, done.generated_tokens) == ("abc", "length", 3)


def test_a_stop_string_is_in_neither_text_nor_ids() -> None:
    _, text, done = said([0xFF, *b"ab STOP cd"], Request((1,), stop=("STOP",)))
    assert (text, done.finish_reason) == ("\ufffdab ", "stop")
    assert done.ids == (0xFF, *b"ab ")


def test_a_control_token_is_kept_but_not_shown() -> None:
    _, text, done = said([*b"a", TURN, *b"b", END], Request((1,)))
    assert (text, done.ids) == ("ab", (*b"a", TURN, *b"b"))


def test_reasoning_over_budget_is_closed_by_the_engine() -> None:
    rule = ReasoningRule("<think>", "</think>", budget=4)
    reasoning, text, done = said([THINK, *b"hmhm", *b"yes", END], Request((1,), reasoning=rule))
    assert (reasoning, text) == ("hmhm", "yes")
    assert spelt(done.ids) == "<think>hmhm</think>\n\nyes"
    assert (done.reasoning_tokens, done.generated_tokens) == (4, len(done.ids))


def test_no_budget_at_all_closes_reasoning_before_it_begins() -> None:
    rule = ReasoningRule("<think>", "</think>", inside=True, budget=0)
    reasoning, text, done = said([*b"yes", END], Request((1,), reasoning=rule))
    assert (reasoning, text, done.reasoning_tokens) == ("", "yes", 0)
    assert spelt(done.ids) == "</think>\n\nyes"


def test_reasoning_within_budget_is_left_alone() -> None:
    rule = ReasoningRule("<think>", "</think>", inside=True, budget=9)
    reasoning, text, done = said([*b"hm", ANSWER, *b"yes", END], Request((1,), reasoning=rule))
    assert (reasoning, text, done.reasoning_tokens) == ("hm", "yes", 2)
    assert spelt(done.ids) == "hm</think>yes"


@given(st.lists(scraps, max_size=40), st.booleans(), st.integers(0, 6) | st.none())
def test_reasoning_never_goes_over_its_budget(
    tokens: list[int], inside: bool, budget: int | None
) -> None:
    rule = ReasoningRule("<think>", "</think>", inside=inside, budget=budget)
    reasoning, text, done = said(tokens, Request((1,), reasoning=rule))
    if budget is not None:
        assert done.reasoning_tokens <= budget
        assert len(reasoning.encode("utf-8", "replace")) <= 3 * budget
    assert done.generated_tokens == len(done.ids)
    for marker in ("<think>", "</think>", "<|turn|>"):
        assert marker not in text + reasoning


@given(st.lists(scraps.filter(lambda id: id != TURN), max_size=40))
def test_what_is_kept_is_what_is_shown(tokens: list[int]) -> None:
    _, text, done = said(tokens, Request((1,), stop=("STOP",)))
    kept = b"".join(TOKENIZER.piece_bytes(id) for id in done.ids)
    assert b"STOP" not in kept
    assert text == kept.decode("utf-8", "replace")
