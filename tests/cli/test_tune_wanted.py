"""What `localai tune` learns, and how, by its options and the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai.catalog import Catalog
from localai.conversation import assistant, user
from localai.store.store import Store
from localai.tune_process import PLAN
from tests.cli.conftest import Run as Command
from tests.cli.fake_job import FakeJob


@pytest.mark.parametrize(
    ("arguments", "wanted", "learns"),
    [
        (("tune",), "never", False),
        (("tune",), "night", False),
        (("tune",), "always", True),
        (("tune", "--no-rl"), "always", False),
        (("tune", "--rl"), "never", True),
        (("tune", "sft"), "always", False),
        (("tune", "--data", "pirate"), "always", False),
        (("tune", "--data", "pirate", "--rl"), "never", True),
        (("tune", "--resume"), "always", False),
    ],
)
def test_it_learns_from_its_own_answers_where_that_is_wanted(
    run: Command,
    model: str,
    fake: type[FakeJob],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    wanted: str,
    learns: bool,
) -> None:
    fake.end = lambda store, begun: store.end_run(begun.id, "rejected", verdict={})
    monkeypatch.setenv("LOCALAI_TUNE__RL", wanted)
    run("-m", model, *arguments)
    assert fake.rl is learns


def test_sets_of_the_settings_are_learned_beside_ones_own(
    run: Command,
    model: str,
    fake: type[FakeJob],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake.end = lambda store, begun: store.end_run(begun.id, "rejected", verdict={})
    monkeypatch.setenv("LOCALAI_TUNE__SETS", '["abstention", "tools"]')
    run("-m", model, "tune")
    assert fake.name == "abstention,tools"
    with Store.open(home / "localai.db") as store:
        store.write_examples([(user("My cat?"), assistant("Minka."))], name="")
    run("-m", model, "tune")
    assert fake.name == ",abstention,tools"
    run("-m", model, "tune", "--data", "pirate")
    assert fake.name == "pirate"
    run("-m", model, "tune", "sft")
    assert fake.name == ""


@pytest.mark.parametrize("rl", [True, False])
def test_what_is_gone_on_with_is_as_it_was_begun(
    run: Command,
    model: str,
    fake: type[FakeJob],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    rl: bool,
) -> None:
    fake.end = lambda store, begun: store.end_run(begun.id, "rejected", verdict={})
    monkeypatch.setenv("LOCALAI_TUNE__RL", "never" if rl else "always")
    with Store.open(home / "localai.db") as store:
        own = Catalog().resolve(model).name
        for of, data, learns in ((own, "", rl), (own, "pirate", not rl), ("other", "", not rl)):
            begun = store.begin_run(of, "b", {"data": data, "rl": learns})
            store.end_run(begun.id, "stopped")
            work = home / "tune" / begun.id
            work.mkdir(parents=True)
            (work / PLAN).touch()
    run("-m", model, "tune", "--resume")
    assert fake.rl is rl
