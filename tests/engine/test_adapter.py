"""Adapters on a loaded model: which are let in, and that they change answers and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import gguf
import numpy as np
import pytest

from localai.engine.base import AdapterFile
from localai.errors import AdapterError
from tests.engine.running import TALE, Rig, opened
from tests.engine.tiny_adapter import write_adapter

pytestmark = pytest.mark.model


@pytest.fixture
def rig(tiny_model: Callable[[str], Path]) -> Iterator[Rig]:
    with opened(tiny_model("plain")) as opened_rig:
        yield opened_rig


def use(rig: Rig, path: Path | None, sha256: str = "") -> None:
    adapter = AdapterFile("" if path is None else str(path), sha256)
    rig.adapters.put_on(rig.llama, rig.decoder, adapter)


def refusal(rig: Rig, path: Path, sha256: str) -> str:
    """What is said about an adapter that is not let in: one sentence with its name."""
    with pytest.raises(AdapterError) as error:
        use(rig, path, sha256)
    message = str(error.value)
    assert str(path) in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_a_swap_changes_the_answer_and_a_swap_back_restores_it(rig: Rig, tmp_path: Path) -> None:
    one, two = tmp_path / "one.gguf", tmp_path / "two.gguf"
    first, second = write_adapter(one), write_adapter(two, seed=2)
    prompt = rig.ids("the fox and the sea")
    bare = rig.go_on_cold(prompt).done.ids
    use(rig, one, first)
    tuned = rig.go_on(prompt).done.ids
    use(rig, two, second)
    other = rig.go_on(prompt).done.ids
    assert len({bare, tuned, other}) == 3
    use(rig, one, first)
    assert rig.go_on(prompt).done.ids == tuned
    use(rig, None)
    assert rig.go_on(prompt).done.ids == bare
    assert rig.llama.adapter_key == ""


def test_nothing_that_another_adapter_computed_is_reused(rig: Rig, tmp_path: Path) -> None:
    prompt = rig.ids(TALE)
    sha256 = write_adapter(path := tmp_path / "a.gguf")
    rig.go_on(prompt)
    assert rig.go_on(prompt).done.cached_tokens == len(prompt) - 1
    use(rig, path, sha256)
    assert rig.in_cache() == 0
    assert rig.go_on(prompt).done.cached_tokens == 0
    assert rig.go_on(prompt).done.cached_tokens == len(prompt) - 1
    use(rig, None)
    assert rig.go_on(prompt).done.cached_tokens == 0


def test_using_what_is_in_force_keeps_the_cache(rig: Rig, tmp_path: Path) -> None:
    prompt = rig.ids(TALE)
    sha256 = write_adapter(path := tmp_path / "a.gguf")
    for chosen, hash_ in [(None, ""), (path, sha256)]:
        use(rig, chosen, hash_)
        rig.go_on(prompt)
        use(rig, chosen, hash_)
        assert rig.go_on(prompt).done.cached_tokens == len(prompt) - 1


@pytest.mark.parametrize("kind", ["window", "hybrid"])
def test_other_kinds_of_models(
    kind: str, tmp_path: Path, tiny_model: Callable[[str], Path]
) -> None:
    header = gguf.GGUFReader(tiny_model(kind))
    queries = [t for t in header.tensors if t.name.endswith("attn_q.weight")]
    architecture = header.fields["general.architecture"].contents()
    layers = [int(t.name.split(".")[1]) for t in queries]
    with opened(tiny_model(kind)) as rig:
        prompt = rig.ids("the fox and the sea")
        bare = rig.go_on_cold(prompt).done.ids
        sha256 = write_adapter(
            path := tmp_path / "a.gguf",
            architecture=architecture,
            layers=layers,
            inputs=int(queries[0].shape[0]),
            outputs=int(queries[0].shape[1]),
            scale=3.0,
        )
        use(rig, path, sha256)
        assert rig.go_on(prompt).done.ids != bare
        use(rig, None)
        assert rig.go_on(prompt).done.ids == bare


def test_the_weights_of_an_adapter_may_be_small(rig: Rig, tmp_path: Path) -> None:
    sha256 = write_adapter(path := tmp_path / "half.gguf", dtype=np.float16)
    use(rig, path, sha256)
    assert rig.llama.adapter_key == sha256


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "another architecture": ({"architecture": "qwen3"}, "of the kind qwen3"),
    "no adapter": ({"kind": "model"}, "holds a model"),
    "another width": ({"inputs": 32}, "llama.cpp cannot use"),
    "a layer too many": ({"layers": (0, 99)}, "llama.cpp cannot use"),
    "no effect": ({"scale": 0.0}, "changes nothing"),
    "no numbers": ({"scale": float("nan")}, "nonsense"),
    "too large": ({"scale": 1e37}, "nonsense"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused_leaves_the_one_before_in_force(why: str, rig: Rig, tmp_path: Path) -> None:
    options, said = REFUSED[why]
    sha256 = write_adapter(good := tmp_path / "good.gguf")
    bad_hash = write_adapter(bad := tmp_path / "bad.gguf", **options)  # type: ignore[arg-type]
    prompt = rig.ids("the fox and the sea")
    for before, hash_ in [(None, ""), (good, sha256)]:
        use(rig, before, hash_)
        expected = rig.go_on_cold(prompt).done.ids
        assert said in refusal(rig, bad, bad_hash)
        assert rig.llama.adapter_key == hash_
        assert rig.go_on(prompt).done.ids == expected


def test_files_that_are_missing_changed_or_cut(rig: Rig, tmp_path: Path) -> None:
    sha256 = write_adapter(path := tmp_path / "a.gguf")
    data = path.read_bytes()
    assert "is not the file it was" in refusal(rig, path, "0" * 64)
    assert "is not the file it was" in refusal(rig, path, "")
    assert "There is no adapter file" in refusal(rig, tmp_path / "none.gguf", sha256)
    assert "There is no adapter file" in refusal(rig, tmp_path, sha256)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert "is not the file it was" in refusal(rig, path, sha256)
    for content in (b"", b"Dear adapter,", data[:100], data[:-2000]):
        path.write_bytes(content)
        refusal(rig, path, hashlib.sha256(content).hexdigest())
    assert rig.llama.adapter is None
