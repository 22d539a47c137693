"""Saving and restoring with tiny models of every kind: never wrong, never in the way."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from localai.engine import llama_state
from localai.engine.adapters import Adapters
from localai.engine.base import AdapterFile, LoadOptions
from localai.engine.keeper import Keeper
from tests.engine.keeping import started
from tests.engine.running import TALE
from tests.engine.tiny_adapter import write_adapter

KINDS = ("plain", "window", "recurrent", "hybrid")


def of_kind(options: LoadOptions, path: Path) -> LoadOptions:
    return msgspec.structs.replace(options, path=str(path))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_back_answers_as_what_was_read(
    kind: str, tiny_model: Callable[[str], Path], options: LoadOptions
) -> None:
    options = of_kind(options, tiny_model(kind))
    with started(options) as rig:
        first = rig.go_on(rig.ids(TALE))
        held = list(rig.decoder.line.ids)
        assert rig.save() == 1
        prompt = (*held, *rig.ids("and then?"))
    with started(options) as rig:
        again = rig.go_on(prompt)
        assert again.done.cached_tokens == len(held) > len(first.done.ids)
        assert rig.in_cache() == len(rig.decoder.line.ids)
        assert rig.chooses(prompt, again.done.ids)


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_that_leaves_the_saved_one_uses_what_its_kind_allows(
    kind: str, tiny_model: Callable[[str], Path], options: LoadOptions
) -> None:
    options = of_kind(options, tiny_model(kind))
    with started(options) as rig:
        ids = rig.ids(TALE)
        rig.go_on(ids)
        rig.save()
        prompt = (*ids[:-5], *rig.ids(" something else"))
    with started(options) as rig:
        ran = rig.go_on(prompt)
        assert ran.done.cached_tokens == (len(ids) - 5 if kind == "plain" else 0)
        assert rig.chooses(prompt, ran.done.ids)


def test_a_damaged_file_is_removed_and_the_prompt_is_read(options: LoadOptions) -> None:
    with started(options) as rig:
        prompt = (*rig.ids(TALE), 1)
        cold = rig.go_on(prompt).done.ids
        rig.save()
        (saved,) = rig.folder.files()
    whole = bytearray(saved.path.read_bytes())
    whole[len(whole) // 2] ^= 1
    saved.path.write_bytes(whole)
    with started(options) as rig:
        ran = rig.go_on(prompt)
        assert (ran.done.cached_tokens, ran.done.ids) == (0, cold)
        assert rig.folder.files() == []


def test_a_file_that_llama_cpp_refuses_is_removed(
    options: LoadOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(options) as rig:
        prompt = (*rig.ids(TALE), 1)
        cold = rig.go_on(prompt).done.ids
        rig.save()
    monkeypatch.setattr(llama_state, "load", lambda *_: [])
    with started(options) as rig:
        ran = rig.go_on(prompt)
        assert (ran.done.cached_tokens, ran.done.ids) == (0, cold)
        assert rig.folder.files() == []


def test_two_adapters_never_mix(options: LoadOptions, tmp_path: Path) -> None:
    adapters = [tmp_path / f"{seed}.gguf" for seed in (1, 2)]
    hashes = [write_adapter(path, seed=seed) for seed, path in enumerate(adapters, 1)]
    known = [("", ""), *zip(map(str, adapters), hashes, strict=True)]
    answers = {}
    with started(options) as rig:
        prompt = (*rig.ids(TALE), 1)
        worn = Adapters(rig.llama)
        for number, (path, sha256) in enumerate(known):
            worn.put_on(rig.llama, rig.decoder, AdapterFile(path, sha256))
            ran = rig.go_on(prompt)
            assert ran.done.cached_tokens == 0
            answers[sha256] = ran.done.ids
            assert rig.save() == number + 1
    assert len(set(answers.values())) == 3
    with started(options) as rig:
        worn = Adapters(rig.llama)
        for path, sha256 in reversed(known):
            worn.put_on(rig.llama, rig.decoder, AdapterFile(path, sha256))
            ran = rig.go_on(prompt)
            assert ran.done.cached_tokens == len(prompt) - 1
            assert rig.decoder.line.key == sha256
            assert ran.done.ids == answers[sha256]


def test_another_file_template_or_way_to_compute_finds_nothing(
    options: LoadOptions, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.gguf"
    shutil.copyfile(options.path, copy)
    with started(options) as rig:
        prompt = (*rig.ids(TALE), 1)
        rig.go_on(prompt)
        rig.save()
        for other in ("another template", "template"):
            restored = Keeper(rig.llama, other)._shelf.best(prompt, partial=True, room=256)
            assert (restored is not None) == (other == "template")
    for changed in (of_kind(options, copy), msgspec.structs.replace(options, n_seq_max=2)):
        with started(changed) as rig:
            assert rig.go_on(prompt).done.cached_tokens == 0
    with started(msgspec.structs.replace(options, n_ctx=200, n_batch=64)) as rig:
        assert rig.go_on(prompt).done.cached_tokens == len(prompt) - 1


def test_a_window_beyond_the_training_is_another_way_to_compute(options: LoadOptions) -> None:
    beyond = msgspec.structs.replace(options, n_ctx=1024)  # trained for 512
    with started(options) as within, started(beyond) as longer:
        assert within.keeper._key != longer.keeper._key


def test_a_file_that_does_not_fit_the_window_is_left_alone(options: LoadOptions) -> None:
    with started(options) as rig:
        ids = (*rig.ids(TALE), 1)
        rig.go_on(ids, n=20)
        rig.save()
    small = msgspec.structs.replace(options, n_ctx=len(ids) + 1)
    with started(small) as rig:
        assert rig.llama.n_ctx > len(ids)
        kept_files = rig.folder.files()
        rig.keeper._llama = SimpleNamespace(  # type: ignore[assignment]
            adapter_key="", partial=True, n_ctx=len(ids) + 1
        )
        rig.keeper.restore(rig.decoder.line, ids)
        assert rig.decoder.line.ids == []
        assert rig.folder.files() == kept_files


def test_it_is_saved_only_when_it_is_worth_it(options: LoadOptions) -> None:
    with started(options) as rig:
        rig.go_on(rig.ids(TALE)[:10], n=2)
        assert rig.save() == 0  # short
        ids = rig.ids(TALE)
        rig.go_on(ids, n=1)
        assert rig.save(waiting=True) == 0
        assert rig.save(last=False) == 1
        (saved,) = rig.folder.files()
        rig.go_on((*ids, 5), n=2)
        assert rig.save(last=False) == 1
        assert rig.folder.files() == [saved]  # hardly grown
        rig.go_on((*ids, 5), n=60)
        assert rig.save(last=False) == 1
        (longer,) = rig.folder.files()  # the one inside it is gone
        assert longer.size > saved.size


def test_a_longer_line_in_memory_is_not_given_up_for_a_file(options: LoadOptions) -> None:
    with started(options) as rig:
        ids = rig.ids(TALE)
        rig.go_on(ids, n=1)
        rig.save()
        rig.go_on(ids, n=40)
        line = list(rig.decoder.line.ids)
        ran = rig.go_on((*line, 1), n=1)
        assert ran.done.cached_tokens == len(line)
