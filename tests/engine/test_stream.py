"""Text from tokens: whole characters, stop strings, reasoning apart, the same however cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.engine.base import ReasoningRule
from localai.engine.stream import HIDDEN, PLAIN, SPECIAL, Piece, TextStream

STOP = "STOP!"
RULE = ReasoningRule("<think>", "</think>")
INSIDE = ReasoningRule("<think>", "</think>", inside=True)
CHANNEL = ReasoningRule("<|channel>thought", "<channel|>")

scraps = st.sampled_from(
    [
        *(
            b"a",
            b" ",
            b"\n",
            b"<think>",
            b"</think>",
            b"<thi",
            b"</",
            b">",
            b"STOP!",
            b"STO",
            b"P!",
        ),
        *(
            "é".encode(),
            "日".encode(),
            "🦊".encode(),
            b"\xff",
            b"\xe6\x97",
            b"\x80",
            b"\xed\xa0\x80",
        ),
    ]
)
texts = st.lists(scraps, max_size=14).map(b"".join)
rules = st.sampled_from([None, RULE, INSIDE])
stops = st.sampled_from([(), (STOP,), ("", STOP, "日a")])

Token = tuple[bytes, str]


def run(
    tokens: list[Token], stop: tuple[str, ...] = (), rule: ReasoningRule | None = None
) -> tuple[list[Piece], TextStream]:
    """All pieces, neighbours of one kind joined, and the stream after its end."""
    stream = TextStream(stop, rule)
    pieces = [piece for data, look in tokens for piece in stream.feed(data, look)]
    joined: list[Piece] = []
    for kind, text in [*pieces, *stream.end()]:
        assert text
        if joined and joined[-1][0] == kind:
            joined[-1] = (kind, joined[-1][1] + text)
        else:
            joined.append((kind, text))
    return joined, stream


def plain(*data: bytes) -> list[Token]:
    return [(piece, PLAIN) for piece in data]


@given(texts, stops, rules, st.lists(st.integers(0, 60), max_size=12))
def test_it_does_not_matter_how_the_bytes_are_cut(
    data: bytes, stop: tuple[str, ...], rule: ReasoningRule | None, cuts: list[int]
) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    parts = [data[a:b] for a, b in pairwise(edges)]
    whole, first = run(plain(data), stop, rule)
    cut, second = run(plain(*parts), stop, rule)
    assert cut == whole
    assert (first.stopped, first.kept, first.inside) == (
        second.stopped, second.kept, second.inside,
    )  # fmt: skip


@given(texts)
def test_without_markers_it_decodes(data: bytes) -> None:
    pieces, stream = run(plain(*(data[i : i + 1] for i in range(len(data)))))
    assert "".join(text for _, text in pieces) == data.decode("utf-8", "replace")
    assert stream.kept == len(data)


@given(texts, rules)
def test_a_stop_string_ends_it_and_is_not_shown(data: bytes, rule: ReasoningRule | None) -> None:
    pieces, stream = run(plain(data), (STOP,), rule)
    shown = "".join(text for _, text in pieces)
    assert STOP not in shown
    assert stream.stopped == (STOP.encode() in data)
    if stream.stopped:
        assert stream.kept == data.index(STOP.encode())
    else:
        assert stream.kept == len(data)


@given(st.lists(st.tuples(st.text("ab日<|>", max_size=4), st.booleans()), max_size=8))
def test_control_tokens_are_never_shown(tokens: list[tuple[str, bool]]) -> None:
    given_ = [(text.encode(), HIDDEN if hidden else PLAIN) for text, hidden in tokens]
    pieces, _ = run(given_, ("STOP",), RULE)
    assert "".join(text for _, text in pieces) == "".join(t for t, hidden in tokens if not hidden)


def test_half_a_character_waits_for_its_other_half() -> None:
    stream = TextStream()
    fox = "🦊".encode()
    assert [stream.feed(fox[i : i + 1]) for i in range(3)] == [[], [], []]
    assert stream.feed(fox[3:]) == [("text", "🦊")]


def test_only_what_may_become_a_marker_is_held_back() -> None:
    stream = TextStream((STOP,))
    assert stream.feed(b"don't ST") == [("text", "don't ")]
    assert stream.feed(b"AY") == [("text", "STAY")]


@pytest.mark.parametrize("look", [PLAIN, SPECIAL, HIDDEN])
def test_reasoning_is_told_from_the_answer(look: str) -> None:
    tokens = [(b"<think>", look), (b"\nhm", PLAIN), (b"</think>", look), (b"\n\nyes", PLAIN)]
    assert run(tokens, rule=RULE)[0] == [("reasoning", "hm"), ("text", "yes")]
    assert run(tokens[1:], rule=INSIDE)[0] == [("reasoning", "hm"), ("text", "yes")]


def test_markers_may_come_in_several_tokens() -> None:
    tokens = plain(b"<", b"thi", b"nk>h", b"m</", b"think", b">", b"yes")
    assert run(tokens, rule=RULE)[0] == [("reasoning", "hm"), ("text", "yes")]


def test_a_marker_made_of_a_control_token_and_text() -> None:
    tokens = [(b"<|channel>", HIDDEN), *plain(b"thou", b"ght\n", b"hm")]
    tokens += [(b"<channel|>", HIDDEN), *plain(b"yes")]
    assert run(tokens, rule=CHANNEL)[0] == [("reasoning", "hm"), ("text", "yes")]
    other = [(b"<|channel>", HIDDEN), *plain(b"final", b"\n")]
    assert run(other, rule=CHANNEL)[0] == [("text", "final\n")]


def test_an_unfinished_marker_of_a_control_token_is_not_shown_at_the_end() -> None:
    assert run([(b"<|channel>", HIDDEN), *plain(b"tho")], rule=CHANNEL)[0] == [("text", "tho")]


def test_a_marker_spelt_out_inside_the_answer_is_a_quotation() -> None:
    pieces, stream = run(plain(b"Write <think> and </think> around it."), rule=RULE)
    assert pieces == [("text", "Write <think> and </think> around it.")]
    assert not stream.inside


@pytest.mark.parametrize("look", [SPECIAL, HIDDEN])
def test_a_marker_token_counts_anywhere(look: str) -> None:
    tokens = [(b"Well", PLAIN), (b"<think>", look), (b"hm", PLAIN), (b"</think>", look)]
    tokens += [(b"</think>", look), (b"yes", PLAIN)]
    expected = [("text", "Well"), ("reasoning", "hm"), ("text", "yes")]
    assert run(tokens, rule=RULE)[0] == expected


def test_reasoning_may_be_opened_twice() -> None:
    text = b"<think>one</think>\n<think><think>two</think>yes"
    assert run(plain(text), rule=RULE)[0] == [("reasoning", "onetwo"), ("text", "yes")]
