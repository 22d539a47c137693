from __future__ import annotations

import itertools
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.sanitize import MAX_SEQUENCE, MAX_STRING, Sanitizer, clean, one_line

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029"
    "\ud800-\udfff]"
)
PAYLOADS = [
    "\x1b[31m",
    "\x1b[?1049h",
    "\x1b[6n",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]8;;http://evil.example\x1b\\",
    "\x1b]0;title\x9c",
    "\x1bPq#0;2;0\x1b\\",
    "\x1b_Gf=100;AAAA\x1b\\",
    "\x1b^private\x1b\\",
    "\x1bXsos\x1b\\",
    "\x1b(B",
    "\x1b#8",
    "\x1bc",
    "\x1b7",
    "\x9b2J",
    "\x9d52;c;ZXZpbA==\x07",
    "\x90data\x9c",
    "\x9fapc\x9c",
    "\x07\x08\x0b\x0c\x0e\x7f\x00",
    "\x1b]2;one\x1b[31m",
    "\x1b]2;cut\x18",
    "\x1b[31\x18",
]

pieces = st.lists(
    st.one_of(
        st.sampled_from(PAYLOADS),
        st.text(st.characters(), max_size=8),
        st.text("\x1b[]P_^X\\;0m\x07\x18\x9b\x9c\x9d\x90\r\n\t a", max_size=12),
    ),
    max_size=12,
).map("".join)


@given(pieces, st.lists(st.integers(0, 200), max_size=8))
def test_any_split_gives_the_same_text(text: str, cuts: list[int]) -> None:
    sanitizer = Sanitizer()
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    parts = [sanitizer.feed(text[start:stop]) for start, stop in itertools.pairwise(edges)]
    assert "".join(parts) + sanitizer.end() == clean(text)


@given(pieces)
def test_nothing_forbidden_gets_through(text: str) -> None:
    assert FORBIDDEN.search(clean(text)) is None


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"])))
def test_ordinary_text_is_untouched(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_vanish_at_every_split(payload: str) -> None:
    for cut in range(len(payload) + 1):
        sanitizer = Sanitizer()
        shown = sanitizer.feed("a" + payload[:cut]) + sanitizer.feed(payload[cut:] + "b")
        assert shown == "ab"


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d👩\u200d👧",
        "e\u0301",
        "שלום",
        "العربية",
        "नमस्ते",
        "🏴\u200d☠️",
        "a\tb\nc",
        "日本語",
        "½",
    ],
)
def test_scripts_and_emoji_survive(text: str) -> None:
    assert clean(text) == text


def test_line_ends_become_newlines() -> None:
    assert clean("a\r\nb\rc\u2028d\u2029e\r\r\nf") == "a\nb\nc\nd\ne\n\nf"


def test_bidi_controls_are_shown() -> None:
    assert clean("a\u202eb\u2066c") == "a⟦U+202E⟧b⟦U+2066⟧c"
    assert unicodedata.bidirectional(clean("\u202e")[0]) == "ON"


def test_lone_surrogates_are_replaced() -> None:
    assert clean("a\ud800b\udfffc") == "a\ufffdb\ufffdc"


def test_sequences_without_an_end_do_not_swallow_the_rest() -> None:
    assert clean("\x1b]0;" + "x" * (MAX_STRING + 10)).startswith("x")
    assert clean("\x1b[" + ";" * (MAX_SEQUENCE + 1) + "rest").endswith("rest")
    assert clean("\x1b[3é") == "é"
    assert clean("\x1b日") == "日"


def test_a_new_sequence_inside_a_string_starts_over() -> None:
    assert clean("\x1b]0;x\x1b[31mred") == "red"


@pytest.mark.parametrize(
    ("longest", "expected"), [(None, "a red line"), (10, "a red line"), (9, "a red li…"), (1, "…")]
)
def test_one_line_is_clean_and_no_longer_than_asked_for(longest: int | None, expected: str) -> None:
    assert one_line(" a \x1b[31mred\r\n\tline\n", longest) == expected


def test_end_forgets_an_open_sequence() -> None:
    sanitizer = Sanitizer()
    assert sanitizer.feed("a\x1b]0;") == "a"
    assert sanitizer.end() == ""
    assert sanitizer.feed("b") == "b"
