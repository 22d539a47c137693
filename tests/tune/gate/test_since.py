"""What is to be let in, held against the bare model, too: many small losses come to a large one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from localai import paths
from localai.engine.base import AdapterFile
from localai.store.store import Store
from localai.tune.gate import stages
from localai.tune.gate.stages import compare
from localai.tune.gate.verdict import FEW, Verdict
from tests.engine.tiny_adapter import write_adapter
from tests.tune.gate.students import BASE, BETTER, Mind, Student, asked, knows, place, verdict

OTHERS = {"reasoning": 0.3, "unknown": 0.1}
WORN = knows(1, {"corrections": 0.0, "known": 0.45, **OTHERS})
"""What answers now: somewhat worse than the bare model, with 0.6 known."""
LITTLE_MORE = knows(1, {"corrections": 0.9, "known": 0.42, **OTHERS})
KEPT = {"general", "known", "unknown", "reasoning", "hygiene", "retention"}


@pytest.fixture
def model(tmp_path: Path, tiny_model: Callable[[str], Path]) -> Path:
    """A copy of a tiny model, with room for adapters beside it."""
    path = tmp_path / "tiny.gguf"
    path.write_bytes(tiny_model("plain").read_bytes())
    return path


def beside(
    store: Store,
    model: Path,
    mind: Mind,
    now: Mind,
    *,
    likely: float = 0.5,
    now_likely: float = 0.5,
    seconds: float = 0.0,
    told: list[str] | None = None,
) -> Verdict:
    """What the gate says of a candidate, where an adapter with the mind `now` answers."""
    files = [model.parent / name for name in ("candidate.gguf", "now.gguf")]
    hashes = [write_adapter(path, scale=at / 100) for at, path in enumerate(files, start=1)]
    candidate, current = (
        AdapterFile(str(path), sha256) for path, sha256 in zip(files, hashes, strict=True)
    )
    minds = {"": BASE, candidate.sha256: mind, current.sha256: now}
    engine = Student(minds, {"": 0.5, candidate.sha256: likely, current.sha256: now_likely})
    heard = [] if told is None else told

    def tell(what: str) -> Callable[[int, int], None]:
        heard.append(what)
        return lambda done, total: None

    there = place(store, model, engine)
    found = compare(there, asked(), current, candidate, tell, None, seconds)
    assert engine.load().adapter == current.sha256
    return found


def test_little_is_lost_this_time_and_too_much_over_all(store: Store, model: Path) -> None:
    found = beside(store, model, LITTLE_MORE, WORN)
    assert all(pool.passed for pool in found.pools)
    assert (found.promoted, found.stage) == (False, "whole")
    assert [pool.name for pool in found.since if not pool.passed] == ["known"]
    (known,) = (pool for pool in found.since if pool.name == "known")
    assert known.n == 200
    assert known.current > 0.55
    assert found.reason == (
        "Too much was lost over all tunes together: known went from "
        f"{100 * known.current:.0f} % by the bare model to {100 * known.candidate:.0f} % "
        "(at most 10 points lost)."
    )


def test_a_number_may_have_risen_too_far_over_all(store: Store, model: Path) -> None:
    found = beside(store, model, BETTER, BASE, likely=0.3, now_likely=0.32)
    assert all(pool.passed for pool in found.pools)
    assert not found.promoted
    assert "retention went from 0.69 by the bare model to 1.20 nats" in found.reason


def test_what_is_no_worse_than_what_answers_now_is_not_refused_for_it(
    store: Store, model: Path
) -> None:
    worn = knows(1, {"corrections": 0.0, "known": 0.3, **OTHERS})
    found = beside(store, model, knows(1, {"corrections": 0.9, "known": 0.3, **OTHERS}), worn)
    (known,) = (pool for pool in found.since if pool.name == "known")
    assert (found.promoted, known.passed) == (True, True)
    assert known.p is not None
    assert known.p < 0.001


def test_what_has_lost_nothing_is_let_in(store: Store, model: Path) -> None:
    found = beside(store, model, BETTER, BASE)
    assert found.promoted
    assert {pool.name for pool in found.since} == KEPT
    assert all(pool.passed and pool.current == pool.candidate for pool in found.since)


def test_the_bare_model_is_asked_once(store: Store, model: Path) -> None:
    told: list[str] = []
    assert verdict(store, model, BETTER, BASE, told=told).since == ()
    assert stages.BEFORE not in told
    (file,) = (paths.home() / "cache").glob("bare-*.json")
    kept = file.read_bytes()
    assert beside(store, model, BETTER, BASE, seconds=0.01).promoted
    assert file.read_bytes() == kept
    refused = beside(store, model, LITTLE_MORE, WORN, seconds=0.01)
    assert {pool.name: pool.n for pool in refused.since} == {
        pool.name: pool.n for pool in refused.pools if pool.name in KEPT
    }


@pytest.mark.parametrize("damage", [None, b"{", b'{"a": "b"}'])
def test_without_time_only_what_is_known_is_compared(
    store: Store, model: Path, damage: bytes | None
) -> None:
    if damage is not None:
        verdict(store, model, BETTER, BASE)
        (file,) = (paths.home() / "cache").glob("bare-*.json")
        file.write_bytes(damage)
    found = beside(store, model, BETTER, BASE, seconds=0.01)
    assert (found.promoted, found.since) == (True, ())
    assert all(pool.n >= FEW for pool in beside(store, model, BETTER, BASE).since)


def test_what_is_refused_anyway_is_not_asked_about(store: Store, model: Path) -> None:
    told: list[str] = []
    assert not beside(store, model, BASE, BASE, told=told).promoted
    assert stages.BEFORE not in told
