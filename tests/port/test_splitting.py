from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from localai.port.splitting import Piece, Splitter

leaves = st.none() | st.booleans() | st.integers() | st.text()
values = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)
held = st.lists(values) | st.dictionaries(st.text(), values)


def split(data: bytes, size: int, depth: int = 1, most: int = 10_000) -> list[Piece]:
    splitter = Splitter(depth, most)
    found: list[Piece] = []
    for start in range(0, len(data), size):
        found += splitter.feed(data[start : start + size])
    return found + list(splitter.end())


@settings(max_examples=40, deadline=None)
@given(st.lists(held, max_size=4), st.integers(1, 40), st.booleans())
def test_an_array_gives_its_values_however_it_is_cut(
    array: list[object], size: int, ascii_only: bool
) -> None:
    data = json.dumps(array, ensure_ascii=ascii_only).encode()
    pieces = split(data, size)
    assert {piece.kind for piece in pieces} <= {"value"}
    assert [json.loads(piece.data) for piece in pieces] == array


@settings(max_examples=40, deadline=None)
@given(st.lists(held, min_size=1, max_size=4), st.integers(1, 40))
def test_values_one_after_the_other(array: list[object], size: int) -> None:
    data = "\n".join(json.dumps(value, indent=1) for value in array).encode()
    assert [json.loads(piece.data) for piece in split(data, size, depth=0)] == array


@given(st.binary(max_size=60), st.integers(1, 9), st.integers(0, 2))
def test_any_bytes_are_looked_at_once_and_end(data: bytes, size: int, depth: int) -> None:
    assert sum(len(piece.data) for piece in split(data, size, depth)) <= len(data)


def test_what_stands_between_values_is_told() -> None:
    assert split(b'[{"a": 1}, "odd", 7, {"b": 2}]', 3) == [
        Piece("value", b'{"a": 1}'),
        Piece("junk", b'"odd", 7'),
        Piece("value", b'{"b": 2}'),
    ]


def test_a_long_value_costs_itself_alone() -> None:
    data = json.dumps([{"a": "x" * 100}, {"b": 2}]).encode()
    assert split(data, 7, most=50) == [Piece("long"), Piece("value", b'{"b": 2}')]


def test_an_end_in_the_middle_is_told() -> None:
    assert split(b'[{"a": 1}, {"b": "[', 4) == [Piece("value", b'{"a": 1}'), Piece("cut")]
    assert split(b'[{"a": 1}', 4) == [Piece("value", b'{"a": 1}'), Piece("cut")]


def test_the_values_inside_a_document() -> None:
    data = b'{"format": "x{", "conversations": [{"a": [1]}, {"b": 2}]}'
    assert [piece.data for piece in split(data, 5, depth=2)] == [b'{"a": [1]}', b'{"b": 2}']
