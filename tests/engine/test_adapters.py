"""Adapters in memory: kept when used lately, proven once, weaker and stronger, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localai.engine import adapters
from localai.engine.base import BARE, AdapterFile, Beside, Request
from localai.engine.decoder import Decoder
from localai.engine.llama_adapter import LlamaAdapter
from localai.engine.second import Second
from localai.errors import AdapterError
from tests.engine.running import GREEDY, TALE, Rig, opened
from tests.engine.tiny_adapter import write_adapter

pytestmark = pytest.mark.model


class Watched:
    """A rig, and what was read, freed and proven in it."""

    def __init__(self, rig: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rig, self.folder = rig, folder
        self.second = Second(rig.llama, rig.adapters)
        self.read: list[str] = []
        self.freed: list[str] = []
        self.probes = 0
        init, close, probe = LlamaAdapter.__init__, LlamaAdapter.close, adapters._probe

        def reads(self_: LlamaAdapter, model: object, path: Path, sha256: str) -> None:
            self.read.append(path.stem)
            init(self_, model, path, sha256)  # type: ignore[arg-type]

        def frees(self_: LlamaAdapter) -> None:
            assert self_.users == 0
            self.freed.append(self_.sha256)
            close(self_)

        def probes(llama: object) -> adapters.Logits:
            self.probes += 1
            return probe(llama)  # type: ignore[arg-type]

        monkeypatch.setattr(LlamaAdapter, "__init__", reads)
        monkeypatch.setattr(LlamaAdapter, "close", frees)
        monkeypatch.setattr(adapters, "_probe", probes)

    def made(self, name: str, **options: float) -> AdapterFile:
        path = self.folder / f"{name}.gguf"
        return AdapterFile(str(path), write_adapter(path, seed=ord(name[0]), **options))  # type: ignore[arg-type]

    def use(self, adapter: AdapterFile) -> None:
        self.rig.adapters.put_on(self.rig.llama, self.rig.decoder, adapter)

    def answer(self, decoder: Decoder | None = None) -> tuple[tuple[int, ...], int]:
        """The ids, and how much of the prompt was in the cache."""
        request = Request(self.rig.ids(TALE)[:20], GREEDY, 12)
        chosen = decoder or self.rig.decoder
        *_, last = chosen.generate(request, lambda: False, frozenset())
        return last.completion.ids, last.completion.cached_tokens  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def plain(tiny_model: Callable[[str], Path]) -> Iterator[Rig]:
    with opened(tiny_model("plain")) as rig:
        yield rig


@pytest.fixture
def watched(
    tiny_model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watched]:
    with opened(tiny_model("plain")) as rig:
        found = Watched(rig, tmp_path, monkeypatch)
        yield found
        found.second.close()


def test_a_swap_back_reads_and_computes_nothing(watched: Watched) -> None:
    one, two = watched.made("one"), watched.made("two")
    for adapter in (one, two, one, BARE, two, one):
        watched.use(adapter)
    assert watched.read == ["one", "two"]
    assert watched.probes == 3  # the bare model and each of them, once
    assert watched.freed == []


def test_beyond_the_bound_the_one_used_longest_ago_goes(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = map(watched.made, ("one", "two", "alpha"))
    size = Path(one.path).stat().st_size
    monkeypatch.setattr(adapters, "KEPT_BYTES", int(2.5 * size))
    for adapter in (one, two, one, three):
        watched.use(adapter)
    assert watched.freed == [two.sha256]
    watched.use(one)
    watched.use(two)
    assert watched.read == ["one", "two", "alpha", "two"]
    assert watched.freed == [two.sha256, three.sha256]


def test_what_computes_is_never_freed(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "KEPT_BYTES", 0)
    one, two, three = map(watched.made, ("one", "two", "alpha"))
    watched.use(one)
    tuned = watched.answer()[0]
    for adapter in (two, three, two):
        watched.second.decoder(Beside(adapter))
        assert watched.answer()[0] == tuned
    assert watched.freed == [two.sha256, three.sha256]
    watched.second.decoder(Beside(one))
    watched.use(BARE)
    assert one.sha256 not in watched.freed
    watched.second.close()
    watched.use(two)
    watched.use(BARE)
    assert one.sha256 in watched.freed


def test_a_refused_one_is_not_kept_unless_it_computes(watched: Watched) -> None:
    good, bad = watched.made("good"), watched.made("bad", scale=0.0)
    with pytest.raises(AdapterError):
        watched.use(bad)
    assert watched.freed == [bad.sha256]
    watched.use(good)
    tuned = watched.answer()[0]
    with pytest.raises(AdapterError, match="changes nothing"):
        watched.use(AdapterFile(good.path, good.sha256, scale=0.0))
    assert watched.freed == [bad.sha256]
    assert (watched.rig.llama.scale, watched.answer()[0]) == (1.0, tuned)


def test_a_file_that_changed_is_not_answered_from_memory(watched: Watched) -> None:
    one = watched.made("one")
    watched.use(one)
    watched.use(BARE)
    sha256 = write_adapter(Path(one.path), seed=99)
    with pytest.raises(AdapterError, match="is not the file it was"):
        watched.use(one)
    watched.use(AdapterFile(one.path, sha256))
    assert watched.read == ["one", "one"]
    assert watched.rig.llama.adapter_key == sha256


def test_the_scale_changes_answers_and_what_may_be_reused(watched: Watched) -> None:
    one = watched.made("one")
    weak = AdapterFile(one.path, one.sha256, scale=0.05)
    bare = watched.answer()[0]
    watched.use(one)
    strong = watched.answer()[0]
    watched.use(weak)
    assert watched.rig.llama.adapter_key == f"{one.sha256}@0.05"
    answer, cached = watched.answer()
    assert cached == 0
    assert answer != strong
    assert watched.answer() == (answer, 19)
    watched.use(one)
    assert (watched.rig.llama.adapter_key, watched.answer()) == (one.sha256, (strong, 0))
    assert watched.read == ["one"]
    watched.use(BARE)
    assert watched.answer()[0] == bare


def test_half_an_adapter_of_twice_the_strength_is_the_same(watched: Watched) -> None:
    one, twice = watched.made("one", scale=0.3), watched.made("other", scale=0.6)
    watched.use(one)
    tuned = watched.answer()[0]
    watched.use(AdapterFile(twice.path, twice.sha256, scale=0.5))
    assert watched.answer()[0] == tuned


def test_a_second_context_that_cannot_be_is_not_left_half_open(watched: Watched) -> None:
    bad = watched.made("bad", scale=0.0)
    bare = watched.answer()[0]
    with pytest.raises(AdapterError, match="changes nothing"):
        watched.second.decoder(Beside(bad))
    assert watched.answer() == (bare, 19)
    one = watched.made("one")
    tuned = watched.answer(watched.second.decoder(Beside(one)))[0]
    assert tuned != bare


def test_the_window_beside_is_never_larger_than_the_first(watched: Watched) -> None:
    one = watched.made("one")
    for asked, held in [(0, 256), (10_000, 256)]:
        watched.second.decoder(Beside(one, asked))
        opened_one = watched.second._llama
        assert opened_one is not None
        assert opened_one.n_ctx == held


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from("ab-"), st.sampled_from([0, 256])), max_size=8
    )
)
def test_sides_never_mix(
    plain: Rig, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, str, int]]
) -> None:
    """Whatever is put on which side, in whatever order: each answers as that adapter does
    from an empty cache."""
    folder = tmp_path_factory.getbasetemp()
    choices = {"-": BARE}
    for name in "ab":
        path = folder / f"mixed-{name}.gguf"
        choices[name] = AdapterFile(str(path), write_adapter(path, seed=ord(name)))
    prompt = plain.ids("the fox and the sea")
    expected = {}
    for name, adapter in choices.items():
        plain.adapters.put_on(plain.llama, plain.decoder, adapter)
        expected[name] = plain.go_on_cold(prompt).done.ids
    assert len(set(expected.values())) == 3
    in_force = "b"
    plain.adapters.put_on(plain.llama, plain.decoder, choices[in_force])
    with closing(Second(plain.llama, plain.adapters)) as second:
        for first, name, n_ctx in steps:
            if first:
                in_force = name
                plain.adapters.put_on(plain.llama, plain.decoder, choices[name])
            else:
                decoder = second.decoder(Beside(choices[name], n_ctx))
                events = list(
                    decoder.generate(Request(prompt, GREEDY, 12), lambda: False, frozenset())
                )
                assert events[-1].completion.ids == expected[name]  # type: ignore[union-attr]
            assert plain.go_on(prompt).done.ids == expected[in_force]
