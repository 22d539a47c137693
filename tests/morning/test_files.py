"""The reports in the data folder: their owner's alone, the last ones, none of what is forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai import paths
from localai.errors import StoreError
from localai.morning import files, write
from localai.store.store import Store
from tests.morning.nights import BASE, promoted, rejected
from tests.tui.lessons import tell


def test_both_are_written_for_the_owner_alone(store: Store) -> None:
    run = promoted(store)
    page = write(store, run)
    text = page.with_suffix(".md")
    assert page == paths.reports() / f"{run.id}.html"
    assert "tuned-1 answers now." in page.read_text("utf-8")
    assert text.read_text("utf-8").startswith("# Tune of ")
    assert page.parent.stat().st_mode & 0o777 == 0o700
    assert [each.stat().st_mode & 0o777 for each in (page, text)] == [0o600, 0o600]
    assert sorted(paths.reports().iterdir()) == [page, text]
    assert write(store, run) == page


def test_only_the_last_ones_stay(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "KEPT", 2)
    runs = [rejected(store) for _ in range(3)]
    for run in runs:
        write(store, run)
    left = {each.name for each in paths.reports().iterdir()}
    assert left == {f"{run.id}{suffix}" for run in runs[1:] for suffix in (".html", ".md")}


def test_a_folder_that_takes_nothing_is_one_sentence(store: Store, home: Path) -> None:
    run = rejected(store)
    (home / "reports").write_text("in the way")
    with pytest.raises(StoreError, match="reports"):
        write(store, run)
    (home / "reports").unlink()
    (home / "reports" / f"{run.id}.md").mkdir(parents=True)
    with pytest.raises(StoreError, match="localai tune report"):
        write(store, run)


def test_forgetting_removes_the_reports_that_quote_it(store: Store) -> None:
    before = store.begin_run("other", "c" * 64, {"corrections": []})
    kept = write(store, store.end_run(before.id, "failed", error="No space."))
    said = tell(store, "Where is the canary?", "In the XYZZY mine.")
    store.add_correction(said.id, "At home.")
    learned = write(store, promoted(store))
    later = store.begin_run("toy", BASE, {"corrections": []})
    judged = {"promoted": False, "answers": [], "reason": "It asked the adapter that learned it."}
    stripped = write(store, store.end_run(later.id, "rejected", verdict=judged))
    (paths.reports() / "stray.html").write_text("of a run that nobody knows")
    assert "XYZZY" in learned.read_text("utf-8")
    done = store.forget(store.scope((said.conversation,)))
    assert set(paths.reports().iterdir()) == {kept, kept.with_suffix(".md")}
    assert {learned, learned.with_suffix(".md"), stripped} <= set(done.removed)


def test_forgetting_works_where_there_are_no_reports(store: Store) -> None:
    said = tell(store, "Where is it?", "Here.")
    store.forget(store.scope((said.conversation,)))
    assert not paths.reports().exists()
