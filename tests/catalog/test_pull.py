"""Pulling with the real client from a hub on loopback."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from localai.catalog import Catalog, ModelEntry, check
from localai.catalog.description import HubSource
from localai.catalog.fit import fit
from localai.catalog.pull import Pulled, pull
from localai.catalog.transfer import Planned, Progressed
from localai.errors import DownloadError, UsageError
from tests.catalog import toy
from tests.catalog.hub import COMMIT, Hub

REPO = "maker/Toy-GGUF"
LARGE = toy.gguf({**toy.TINY, "general.sampling.temp": 0.5}) + bytes(3_000_000)


@pytest.fixture
def stocked(hub: Hub) -> Hub:
    hub.repos[REPO] = {
        "README.md": b"# Toy",
        "toy-Q8_0.gguf": toy.gguf(),
        "toy-Q4_K_M.gguf": LARGE,
        "mmproj-F16.gguf": toy.gguf(),
    }
    return hub


def run(target: str, name: str = "") -> ModelEntry:
    last = list(pull(Catalog(), target, name))[-1]
    assert isinstance(last, Pulled)
    return last.entry


def failure(target: str) -> str:
    with pytest.raises(DownloadError) as caught:
        run(target)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    assert all(entry.home == "starter" for entry in Catalog().list())
    return str(caught.value)


def leftovers(home: Path) -> list[Path]:
    return list((home / "localai" / "models").rglob("*.part"))


def test_the_preferred_quantisation_is_fetched_and_recorded(stocked: Hub, home: Path) -> None:
    events = list(pull(Catalog(), REPO))
    assert events[0] == Planned("toy-Q4_K_M.gguf", "Q4_K_M", len(LARGE), 0)
    assert events[-2] == Progressed(len(LARGE))
    entry = Catalog().resolve("toy-q4_k_m")
    assert entry.path is not None
    assert entry.path.read_bytes() == LARGE
    assert check(entry.path).architecture == "llama"
    assert entry.home == "hub"
    assert entry.description.licence == "apache-2.0"
    assert entry.description.sampling == {"temperature": 0.5}
    assert entry.description.memory_bytes == fit(check(entry.path)).total
    assert entry.description.source == HubSource(REPO, COMMIT, ("toy-Q4_K_M.gguf",))
    assert leftovers(home) == []
    assert entry.path.stat().st_mode & 0o077 == 0
    assert all("/resolve/main/" not in seen.path for seen in stocked.seen)


def test_by_quantisation_by_file_and_by_name(stocked: Hub) -> None:
    assert run(f"{REPO}:q8_0").name == "toy-q8_0"
    assert run(f"https://huggingface.co/{REPO}:toy-Q8_0.gguf", "mine").name == "mine"
    with pytest.raises(UsageError, match="already"):
        run(REPO, "mine")


def test_a_second_pull_transfers_nothing(stocked: Hub) -> None:
    first = run(REPO)
    sent = len(stocked.files_sent())
    assert run(REPO) == first
    assert len(stocked.files_sent()) == sent


def test_a_split_model_in_a_folder(hub: Hub) -> None:
    hub.repos[REPO] = {
        f"Q4_K_M/toy-Q4_K_M-{index + 1:05d}-of-00002.gguf": toy.gguf(
            {**toy.TINY, "split.no": index, "split.count": 2}
        )
        for index in range(2)
    }
    entry = run(REPO)
    assert entry.name == "toy-q4_k_m"
    assert entry.path is not None
    assert check(entry.path).split_count == 2
    assert entry.description.bytes == sum(map(len, hub.repos[REPO].values()))


def test_cut_connections_are_resumed(stocked: Hub) -> None:
    stocked.cuts = [1_500_000, 0]
    entry = run(REPO)
    assert entry.path is not None
    assert entry.path.read_bytes() == LARGE
    ranges = [seen.range for seen in stocked.files_sent()]
    assert ranges[0] == ""
    assert ranges[-1].startswith("bytes=")


def test_a_stopped_pull_goes_on_where_it_stopped(stocked: Hub, home: Path) -> None:
    stocked.hold, stocked.hold_after = threading.Event(), 2_000_000
    with closing(pull(Catalog(), REPO)) as events:
        assert isinstance(next(events), Planned)
        wait_until(lambda: any(part.stat().st_size >= 2**20 for part in leftovers(home)))
    assert [each.home for each in Catalog().list()] == ["starter"]
    (part,) = leftovers(home)
    have = part.stat().st_size
    assert 2**20 <= have < len(LARGE)
    stocked.hold.set()
    stocked.hold = None
    with closing(pull(Catalog(), REPO)) as events:
        assert next(events) == Planned("toy-Q4_K_M.gguf", "Q4_K_M", len(LARGE), have)
        *_, last = events
    assert isinstance(last, Pulled)
    assert last.entry.path is not None
    assert last.entry.path.read_bytes() == LARGE
    assert stocked.files_sent()[-1].range == f"bytes={have}-"


def wait_until(predicate: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until `predicate` holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not predicate():
        assert time.monotonic() < deadline
        pause.wait(0.01)


def test_a_server_without_ranges_starts_over(stocked: Hub) -> None:
    stocked.cuts = [2_000_000]
    stocked.ignore_range = True
    entry = run(REPO)
    assert entry.path is not None
    assert entry.path.read_bytes() == LARGE


def test_a_flipped_byte_is_noticed_and_fetched_anew(stocked: Hub, home: Path) -> None:
    stocked.flips = 1
    assert "checksum is wrong" in failure(REPO)
    assert leftovers(home) == []
    entry = run(REPO)
    assert entry.path is not None
    assert entry.path.read_bytes() == LARGE


def test_what_the_hub_may_answer(stocked: Hub) -> None:
    assert f"no model {REPO}s that you may see" in failure(REPO + "s")
    assert "choose one of Q8_0, Q4_K_M with" in failure(f"{REPO}:Q2_K")
    stocked.status = 404
    assert "no longer" in failure(REPO)
    stocked.info_status = 429
    assert "pause" in failure(REPO)
    stocked.info_status = 503
    assert "problem of its own" in failure(REPO)
    stocked.gated = True
    assert "accept its terms" in failure(REPO)


def test_a_private_model_needs_the_token(stocked: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    stocked.token = "hf_secret"
    assert "log in" in failure(REPO)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert run(REPO).name == "toy-q4_k_m"


def test_no_hub_no_checksum_no_space(stocked: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    stocked.checksums = False
    assert "no checksum" in failure(REPO)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    assert "cannot be reached" in failure(REPO)
    monkeypatch.setenv("HF_ENDPOINT", "nonsense")
    assert "no web address" in failure(REPO)
    with pytest.raises(UsageError, match="OWNER/REPO"):
        run("just-a-name")


def test_a_repository_cannot_write_outside_its_folder(hub: Hub, home: Path) -> None:
    hub.repos[REPO] = {"../../evil-Q4_K_M.gguf": LARGE, "a/../b-Q4_K_M.gguf": LARGE}
    assert "no complete GGUF" in failure(REPO)
    assert list(home.rglob("evil*")) == []


def test_a_child_that_never_listens_is_a_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    larger_than_a_pipe = "x" * 1_000_000
    assert "without a reason" in failure(f"{REPO}:{larger_than_a_pipe}")
