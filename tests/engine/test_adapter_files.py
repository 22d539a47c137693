"""Which adapter files are let in, by content and manifest, and how often they are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from localai import digest
from localai.engine.adapter import MANIFEST, AdapterFiles
from localai.engine.base import AdapterFile
from localai.errors import AdapterError
from tests.engine.tiny_adapter import write_adapter

OTHER = "b" * 64


class Place:
    """A model's file, an adapter beside a manifest, and what was hashed so far."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.model, self.path = folder / "model.gguf", folder / "tuned" / "adapter.gguf"
        self.path.parent.mkdir()
        self.model.write_bytes(b"weights")
        self.base = digest.sha256(self.model)
        self.adapter = AdapterFile(str(self.path), write_adapter(self.path))
        self.files = AdapterFiles(str(self.model), "llama")
        self.hashed: list[Path] = []
        hash_file = digest.sha256

        def counted(path: Path) -> str:
            self.hashed.append(path)
            return hash_file(path)

        monkeypatch.setattr(digest, "sha256", counted)

    def manifest(self, text: str = "", **facts: str) -> None:
        self.path.with_name(MANIFEST).write_text(text or json.dumps(facts))

    def refusal(self, adapter: AdapterFile | None = None) -> str:
        with pytest.raises(AdapterError) as error:
            self.files.check(adapter or self.adapter)
        message = str(error.value)
        assert message.endswith(".")
        assert "\n" not in message
        return message


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def test_a_manifest_that_names_another_base_is_believed(place: Place) -> None:
    place.manifest(base=OTHER, sha256=place.adapter.sha256)
    assert "another model's file" in place.refusal()
    assert "another model's file" in place.refusal(replace(place.adapter, base=place.base))
    place.manifest(base=OTHER)
    assert "another model's file" in place.refusal()
    place.manifest(base=place.base, sha256=place.adapter.sha256)
    place.files.check(place.adapter)
    assert "another model's file" in place.refusal(replace(place.adapter, base=OTHER))


@pytest.mark.parametrize(
    "facts", [{}, {"base": "", "sha256": ""}, {"base": OTHER, "sha256": OTHER}, {"name": "else"}]
)
def test_a_manifest_about_something_else_says_nothing(place: Place, facts: dict[str, str]) -> None:
    place.manifest(json.dumps(facts))
    place.files.check(place.adapter)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"base": 5}', '{"x": ' + "[" * 100_000 + "]" * 100_000 + "}"],
    ids=["cut", "a list", "a number", "nested without end"],
)
def test_a_manifest_that_cannot_be_read_is_no_licence(place: Place, text: str) -> None:
    place.manifest(text)
    assert MANIFEST in place.refusal()


def test_each_file_is_hashed_once_for_each_state_of_it(place: Place) -> None:
    place.manifest(base=place.base)
    for _ in range(3):
        place.files.check(place.adapter)
    assert place.hashed == [place.path, place.model]
    place.path.write_bytes(place.path.read_bytes()[:-1] + b"!")
    assert "is not the file it was" in place.refusal()
    write_adapter(place.path)
    place.files.check(place.adapter)
    place.files.check(place.adapter)
    assert place.hashed == [place.path, place.model, place.path, place.path]


def test_another_scale_or_base_is_no_reason_to_hash_it_again(place: Place) -> None:
    place.manifest(base=place.base)
    place.files.check(place.adapter)
    place.files.check(replace(place.adapter, scale=0.5))
    place.files.check(replace(place.adapter, base=place.base))
    assert "another model's file" in place.refusal(replace(place.adapter, base=OTHER))
    place.files.check(replace(place.adapter, scale=2.0))
    assert place.hashed == [place.path, place.model]


def test_a_base_that_is_known_is_not_read(place: Place) -> None:
    place.manifest(base=place.base)
    place.files.check(replace(place.adapter, base=place.base))
    assert place.hashed == [place.path]


def test_a_file_or_a_manifest_that_came_or_went_is_seen(place: Place) -> None:
    place.files.check(place.adapter)
    place.manifest(base=OTHER)
    assert "another model's file" in place.refusal()
    place.path.with_name(MANIFEST).unlink()
    place.files.check(place.adapter)
    place.path.unlink()
    assert "There is no adapter file" in place.refusal()
    write_adapter(place.path)
    place.files.check(place.adapter)


def test_another_hash_than_before_is_not_taken_from_memory(place: Place) -> None:
    place.files.check(place.adapter)
    assert "is not the file it was" in place.refusal(replace(place.adapter, sha256=OTHER))


def test_a_base_that_is_gone_cannot_be_compared(place: Place) -> None:
    place.manifest(base=place.base)
    place.model.unlink()
    assert "cannot be compared" in place.refusal()
