"""`localai adapters`: what is listed, shown, chosen, called something else and deleted."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from filelock import FileLock

from localai import paths
from localai.conversation import assistant, user
from localai.engine.adapter import MANIFEST
from localai.store.store import Store
from localai.store.tuning import Adapter
from localai.tune.manifest import Manifest, write_manifest
from tests.catalog import toy
from tests.cli.conftest import Run
from tests.cli.test_tune import VERDICT


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(toy.write(tmp_path / "toy.gguf"))


@pytest.fixture
def base(model: str) -> str:
    return hashlib.sha256(Path(model).read_bytes()).hexdigest()


def promote(base: str, learned: tuple[str, ...] = ()) -> Adapter:
    """An adapter with files in its place."""
    with Store.open() as store:
        run = store.begin_run("toy", base, {"corrections": learned})
        folder = paths.private_dir(paths.adapters() / run.id)
        (folder / "adapter.gguf").write_bytes(b"x" * 20_000)
        manifest = Manifest(
            base=base,
            base_name="toy \x1b[2J",
            template="t",
            sha256="s",
            run=run.id,
            corrections=learned,
            replay=96,
            options={"rank": 8, "seed": 0},
            verdict=VERDICT,
            version="1",
            created=5.0,
        )
        write_manifest(folder, manifest)
        file = str(folder / "adapter.gguf")
        return store.promote(run.id, base_bytes=1, file=file, sha256="s", verdict=VERDICT)


def active(base: str) -> str:
    with Store.open() as store:
        found = store.active_adapter(base)
    return found.name if found else "base"


def test_list_and_tune_list_are_one(run: Run, model: str, base: str) -> None:
    promote(base)
    promote(base)
    for group in ("adapters", "tune"):
        lines = run("-m", model, group, "list").stdout.splitlines()
        assert [line[:11] for line in lines] == ["* tuned-2  ", "  tuned-1  "]
        new, old = json.loads(run("-m", model, group, "list", "--json").stdout)
        assert (new["name"], new["answers"], old["name"], old["answers"]) == (
            *("tuned-2", True),
            *("tuned-1", False),
        )
        assert (new["base_sha256"], Path(new["file"]).name) == (base, "adapter.gguf")


def test_use_off_and_the_way_back(run: Run, model: str, base: str) -> None:
    for _ in range(2):
        promote(base)
    assert "next answer on: tuned-1." in run("-m", model, "adapters", "use", "tuned-1").stderr
    assert "the bare model" in run("-m", model, "adapters", "off").stderr
    assert active(base) == "base"
    assert run("-m", model, "tune", "rollback").exit_code == 0
    assert active(base) == "tuned-1"
    run("-m", model, "adapters", "use", "BASE")
    assert active(base) == "base"


def test_show_says_what_is_known(run: Run, base: str) -> None:
    with Store.open() as store:
        written = store.write_example((user("What is a \x1b[2Jfjord?"), assistant("A deep bay.")))
    promote(base, (written, "01K00000000000000000000X99"))
    shown = run("adapters", "show", "tuned-1").stdout
    for piece in (
        "tuned-1  (answers now)",
        "0.02 MB",
        f"({base[:12]})",
        "rank 8, seed 0",
        "96 answers",
        "fjord?",
        "→ A deep bay.",
        "and 1 that the history does not have",
        "The corrections were learned.",
        "more won than lost",
    ):
        assert piece in shown
    assert "\x1b" not in shown
    found = json.loads(run("adapters", "show", "TUNED-1", "--json").stdout)
    assert (found["bytes"], found["unknown"], found["answers"]) == (20_000, 1, True)
    assert found["manifest"]["verdict"] == VERDICT
    assert [each["answer"] for each in found["learned"]] == ["A deep bay."]


def test_show_without_files(run: Run, base: str) -> None:
    with Store.open() as store:
        written = store.write_example((user("What is a fjord?"), assistant("A deep bay.")))
    made = promote(base, (written,))
    Path(made.file).with_name(MANIFEST).write_text("{")
    lines = run("adapters", "show", "tuned-1").stdout.splitlines()
    assert "  manifest  none that can be read" in lines
    assert lines[-3:] == ["Learned from:", "  What is a fjord?", "    → A deep bay."]
    Path(made.file).unlink()
    assert "which is gone" in run("adapters", "show", "tuned-1").stdout
    assert json.loads(run("adapters", "show", "tuned-1", "--json").stdout)["manifest"] is None


def test_rename(run: Run, model: str, base: str) -> None:
    promote(base)
    assert run("adapters", "rename", "tuned-1", "pirate").stdout == "pirate\n"
    assert "* pirate  " in run("-m", model, "adapters", "list").stdout
    assert "next answer on: pirate" in run("-m", model, "adapters", "use", "tuned-1").stderr
    result = run("adapters", "rename", "pirate", "base")
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1


def test_the_one_that_answers_goes_only_after_saying_so(run: Run, model: str, base: str) -> None:
    old, new = promote(base), promote(base)
    result = run("adapters", "rm", "tuned-2")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "tuned-2 answers now; without it, tuned-1 will." in result.stderr
    assert "--yes" in result.stderr
    assert (active(base), Path(new.file).exists()) == ("tuned-2", True)
    result = run("adapters", "rm", "tuned-2", "--yes")
    assert result.exit_code == 0
    assert "tuned-2 answers now; without it, tuned-1 will." in result.stderr
    assert (active(base), Path(new.file).parent.exists()) == ("tuned-1", False)
    assert Path(old.file).exists()
    result = run("adapters", "rm", "tuned-1", "--yes")
    assert "without it, the bare model will" in result.stderr
    assert active(base) == "base"
    assert run("-m", model, "tune", "rollback").exit_code == 1
    assert run("adapters", "rm", "tuned-1", "--yes").exit_code == 1


def test_another_one_goes_quietly_and_the_way_back_leads_past_it(
    run: Run, model: str, base: str
) -> None:
    for _ in range(3):
        promote(base)
    result = run("adapters", "rm", "tuned-2", "--yes")
    assert result.stderr == "tuned-2 and its files are gone.\n"
    run("-m", model, "tune", "rollback")
    assert active(base) == "tuned-1"


def test_files_elsewhere_are_left_alone(run: Run, tmp_path: Path) -> None:
    (file := tmp_path / "mine.gguf").write_bytes(b"x")
    with Store.open() as store:
        store.add_adapter(base="b", base_bytes=1, file=str(file), sha256="s")
    assert run("adapters", "rm", "tuned-1", "--yes").exit_code == 0
    assert file.exists()


def test_nothing_goes_while_a_tune_runs(run: Run, base: str) -> None:
    made = promote(base)
    with FileLock(paths.tune_lock()):
        result = run("adapters", "rm", "tuned-1", "--yes")
    assert result.exit_code == 2
    assert "A tune is running" in result.stderr
    assert (active(base), Path(made.file).exists()) == ("tuned-1", True)


def test_mistakes_are_one_sentence(run: Run, model: str, base: str) -> None:
    with Store.open() as store:
        store.add_adapter(base="other", base_bytes=1, file="/f", sha256="s")
    for arguments, words in [
        (["use", "tuned-1"], "belongs to another model"),
        (["use", "nothing"], "localai adapters list"),
        (["show", "nothing"], "no adapter 'nothing'"),
        (["rename", "nothing", "new"], "no adapter"),
        (["rm", "nothing"], "no adapter"),
    ]:
        result = run("-m", model, "adapters", *arguments)
        assert result.exit_code in (1, 2)
        assert (result.stdout, len(result.stderr.splitlines())) == ("", 1)
        assert words in result.stderr
    assert active(base) == "base"
