"""Descriptions: strict reading, faithful writing, and the ones that are bundled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.catalog.catalog import _bundled
from localai.catalog.description import (
    NAME,
    SAMPLING_KEYS,
    Description,
    FileSource,
    HubSource,
    as_name,
    is_safe,
    read,
    write,
)
from localai.engine.base import Sampling
from localai.errors import ModelError

GOOD = """
name = "toy"
file = "toy.gguf"
[source]
kind = "file"
path = "/models/toy.gguf"
"""


@dataclass
class Bad:
    name: str
    old: str
    new: str
    words: str


@pytest.mark.parametrize(
    "bad",
    [
        Bad("unknown key", 'file = "toy.gguf"', 'file = "toy.gguf"\ncolour = 1', "colour"),
        Bad("missing key", 'file = "toy.gguf"\n', "", "file"),
        Bad("wrong type", '"toy.gguf"', "7", "str"),
        Bad("unknown source", 'kind = "file"', 'kind = "ftp"', "ftp"),
        Bad("unknown source key", "path =", "file =", "file"),
        Bad("other name", 'name = "toy"', 'name = "top"', "unlike"),
        Bad("odd name", 'name = "toy"', 'name = "To y"', "To y"),
        Bad("sampling", "[source]", "sampling = {heat = 1}\n[source]", "heat"),
        Bad("checksum", "[source]", 'sha256 = "12"\n[source]', "hexadecimal"),
        Bad("syntax", "[source]", "[source", "line"),
        Bad(
            "hub path",
            'kind = "file"\npath = "/models/toy.gguf"',
            'kind = "hub"\nrepo = "a/b"\ncommit = "c"\nfiles = ["../../x"]',
            "../../x",
        ),
    ],
    ids=lambda bad: bad.name,
)
def test_a_wrong_description_names_file_and_fault(tmp_path: Path, bad: Bad) -> None:
    path = tmp_path / "toy.toml"
    assert bad.old in GOOD
    path.write_text(GOOD.replace(bad.old, bad.new))
    with pytest.raises(ModelError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert bad.words in str(caught.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "toy.toml"
    for data in (b"\xff\xfe", b"x" * 200_000, b"[" * 50_000):
        path.write_bytes(data)
        with pytest.raises(ModelError, match=r"toy\.toml"):
            read(path)


def test_it_reads_as_it_was_written(tmp_path: Path) -> None:
    description = Description(
        name="toy",
        source=HubSource("maker/Toy-GGUF", "c0ffee", ("Q4/a.gguf", "Q4/b.gguf")),
        file="a.gguf",
        sha256="0" * 64,
        bytes=12,
        system='Say "yes".\nOr no.',
        sampling={"temperature": 0.5, "top_k": 3},
        template="{% for m in messages %}\\{% endfor %}",
    )
    path = tmp_path / "toy.toml"
    write(path, description)
    assert read(path) == description
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob("toy*")) == [path]


def test_no_room_to_write_is_a_sentence(tmp_path: Path) -> None:
    description = Description(name="toy", source=FileSource("/x"), file="x")
    with pytest.raises(ModelError, match="cannot be written"):
        write(tmp_path / "absent" / "toy.toml", description)


def test_bundled_descriptions_are_sound() -> None:
    files = list(_bundled().glob("*.toml"))
    assert "smollm2-135m-instruct.toml" in {file.name for file in files}
    for file in files:
        found = read(file)
        assert found.licence
        assert found.sha256
        assert found.bytes > 0


def test_sampling_names_are_those_of_the_engine() -> None:
    assert {*SAMPLING_KEYS, "seed"} == {field.name for field in msgspec.structs.fields(Sampling)}


@given(st.text())
def test_any_text_becomes_a_name(text: str) -> None:
    assert NAME.fullmatch(as_name(text))
    assert as_name(as_name(text)) == as_name(text)


@given(st.lists(st.sampled_from(["a", "..", ".", "", "b.gguf", "C:", "\\", "\0"]), max_size=5))
def test_a_safe_path_stays_below(pieces: list[str]) -> None:
    path = "/".join(pieces)
    if is_safe(path):
        assert Path("/home/models", path).resolve().is_relative_to("/home/models")
        assert path != ""
