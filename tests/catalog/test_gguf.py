"""The header reader: what it finds in sound files, and that no bytes can get past it."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localai.catalog import Catalog, check
from localai.catalog.cursor import LARGEST_HEADER, Damaged
from localai.catalog.fit import fit
from localai.catalog.gguf import GgufHeader, read_header
from localai.catalog.soundness import read
from localai.errors import ModelError
from tests.catalog import toy

HEADER = toy.gguf()


def test_a_toy_header_is_read(tmp_path: Path) -> None:
    header = read_header(toy.write(tmp_path / "toy.gguf"))
    assert header == GgufHeader(
        version=3,
        architecture="llama",
        name="Toy",
        kind="model",
        licence="",
        quant="F16",
        context_length=128,
        block_count=2,
        embedding_length=8,
        head_count=2,
        kv_heads=(1,),
        key_length=0,
        value_length=0,
        kv_lora_rank=0,
        rope_dimensions=0,
        sliding_window=0,
        pooling=None,
        causal=None,
        sampling={},
        split_index=0,
        split_count=0,
        tensors=3,
        parameters=24 + 64 + 8,
        expected_bytes=len(HEADER),
        file_bytes=len(HEADER),
        weight_bytes=64 + 128 + 16,
        vocabulary=3,
        template=True,
    )


@pytest.mark.model
def test_the_starter_model_is_read() -> None:
    path = Catalog().resolve("").path
    assert path is not None
    header = check(path)
    assert (header.architecture, header.quant, header.context_length) == ("llama", "Q4_1", 8192)
    assert header.expected_bytes == header.file_bytes == 98_362_432
    assert header.parameters == 134_515_008
    assert fit(header).total == Catalog().default.description.memory_bytes


def test_recommended_sampling_and_layers_are_read(tmp_path: Path) -> None:
    path = toy.write(
        tmp_path / "toy.gguf",
        general__sampling__temp=0.6,
        general__sampling__top_k=20,
        llama__attention__head_count_kv=[0, 1],
    )
    header = read_header(path)
    assert header.sampling == {"temperature": 0.6, "top_k": 20}
    assert header.kv_heads == (0, 1)


def test_a_look_at_the_names_stops_before_the_vocabulary(tmp_path: Path) -> None:
    found = read_header(toy.write(tmp_path / "toy.gguf"), until_vocabulary=True)
    assert (found.name, found.quant, found.tensors) == ("Toy", "F16", 3)
    assert found.expected_bytes == 0


def test_values_longer_than_any_name_are_not_kept(tmp_path: Path) -> None:
    path = toy.write(tmp_path / "toy.gguf", general__name="x" * 100_000)
    header = read_header(path)
    assert (header.name, header.architecture) == ("", "llama")


@pytest.mark.parametrize(("template", "found"), [("t", True), ("t" * 100_000, True), ("", False)])
def test_whether_there_is_a_chat_template(tmp_path: Path, template: str, found: bool) -> None:
    path = toy.write(tmp_path / "toy.gguf", tokenizer__chat_template=template)
    assert read_header(path).template is found


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        (toy.gguf(version=1), "version is 1"),
        (toy.gguf(version=4), "version is 4"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**64 - 1, 0), "more entries"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**40), "more entries"),
        (toy.gguf({**toy.TINY, "general.alignment": 3}), "alignment"),
        (toy.gguf({**toy.TINY, "general.alignment": "32"}), "alignment"),
        (toy.gguf(tensors=[("a", (2,)), ("a", (2,))]), "there twice"),
        (toy.gguf(tensors=[("a" * 64, (2,))]), "too long"),
        (toy.gguf(tensors=[("a", (1, 1, 1, 1, 1))]), "four dimensions"),
        (toy.gguf({"": 1}), "empty"),
    ],
)
def test_impossible_headers_are_damaged(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(data)
    with pytest.raises(Damaged, match=words):
        read_header(path)


def test_a_shape_that_overflows_is_damaged(tmp_path: Path) -> None:
    data = HEADER.replace(struct.pack("<QQ", 8, 3), struct.pack("<QQ", 2**62, 8))
    path = tmp_path / "bad.gguf"
    path.write_bytes(data)
    with pytest.raises(Damaged, match="impossible"):
        read_header(path)


def test_a_vocabulary_of_billions_costs_nothing(tmp_path: Path) -> None:
    """A sparse file backs the claim with real length, and is still refused."""
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + toy.text("tokenizer.ggml.tokens")
    path = tmp_path / "sparse.gguf"
    path.write_bytes(head + struct.pack("<IIQ", 9, 8, 2**30))
    with path.open("r+b") as file:
        file.truncate(4 * LARGEST_HEADER)
    with pytest.raises(Damaged, match="more strings"):
        read_header(path)


positions = st.integers(0, len(HEADER) - 1)
mutations = st.lists(
    st.one_of(
        st.tuples(st.just("byte"), positions, st.integers(0, 255)),
        st.tuples(
            st.just("long"), positions, st.sampled_from([0, 1, 2**31, 2**32, 2**63, 2**64 - 1])
        ),
        st.tuples(st.just("cut"), positions, st.just(0)),
        st.tuples(st.just("repeat"), positions, st.integers(1, 64)),
    ),
    min_size=1,
    max_size=4,
)


def mutate(data: bytes, changes: list[tuple[str, int, int]]) -> bytes:
    for kind, at, what in changes:
        if kind == "byte":
            data = data[:at] + bytes([what]) + data[at + 1 :]
        elif kind == "long":
            data = data[:at] + struct.pack("<Q", what) + data[at + 8 :]
        elif kind == "cut":
            data = data[:at]
        else:
            data = data[:at] + data[at : at + what] + data[at:]
    return data


def header_or_sentence(path: Path) -> GgufHeader | str:
    try:
        return check(path)
    except ModelError as error:
        return str(error)


@settings(
    max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=mutations)
def test_mutated_headers_give_a_header_or_one_sentence(
    tmp_path: Path, changes: list[tuple[str, int, int]]
) -> None:
    path = tmp_path / "mutated.gguf"
    path.write_bytes(mutate(HEADER, changes))
    outcome = header_or_sentence(path)
    if isinstance(outcome, GgufHeader):
        assert outcome.expected_bytes <= outcome.file_bytes
    else:
        assert outcome.startswith(str(path))
        assert "\n" not in outcome


@given(data=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_noise_after_the_magic_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "noise.gguf"
    path.write_bytes(b"GGUF" + data)
    with pytest.raises(ModelError):
        check(path)


@pytest.mark.parametrize("length", range(0, len(HEADER), 7))
def test_every_truncation_is_noticed(tmp_path: Path, length: int) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(HEADER[:length])
    with pytest.raises(ModelError, match=r"truncated|empty"):
        read(path)
