"""`localai adapters export` and `import`, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai.store.store import Store
from tests.cli.conftest import Run
from tests.engine.tiny_adapter import write_adapter
from tests.tune.tiny_llama import write_llama
from tests.tune.tiny_lora import random_lora, record


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(write_llama(tmp_path / "tiny.gguf"))


@pytest.fixture
def name(model: str) -> str:
    with Store.open() as store:
        return record(store, Path(model), random_lora(Path(model))).name


@pytest.mark.parametrize("form", ["gguf-lora", "mlx", "peft"])
def test_out_and_in_again(run: Run, model: str, name: str, tmp_path: Path, form: str) -> None:
    out = str(tmp_path / "out")
    result = run("-m", model, "adapters", "export", name, "--format", form, "-o", out)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{out}\n", "")
    assert run("adapters", "rm", name, "--yes").exit_code == 0
    result = run("-m", model, "adapters", "import", out, "--name", "pirate")
    assert (result.exit_code, result.stdout) == (0, "pirate\n")
    assert "localai adapters use pirate" in result.stderr
    assert run("-m", model, "adapters", "list").stdout.startswith("  pirate  ")
    shown = run("adapters", "show", "pirate").stdout
    assert "imported " in shown
    assert run("-m", model, "adapters", "use", "pirate").exit_code == 0


def test_a_merged_model_is_a_model(run: Run, model: str, name: str, tmp_path: Path) -> None:
    out = tmp_path / "merged.gguf"
    arguments = ("-m", model, "adapters", "export", name, "--format", "merged-gguf", "-o")
    assert run(*arguments, str(out)).exit_code == 0
    assert out.stat().st_size == Path(model).stat().st_size
    assert run("models", "add", str(out)).stdout == "merged\n"
    result = run(*arguments, str(out))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is there already" in result.stderr


def test_mistakes_are_one_sentence(run: Run, model: str, name: str, tmp_path: Path) -> None:
    write_adapter(wrong := tmp_path / "wrong.gguf", outputs=32)
    other = str(write_llama(tmp_path / "other.gguf", weights="F16"))
    for arguments, words in [
        (["-m", other, "adapters", "export", name, "-o", "x"], "belongs to another model"),
        (["-m", model, "adapters", "export", "nothing", "-o", "x"], "no adapter"),
        (["-m", model, "adapters", "import", str(wrong)], "made for another model than"),
        (["-m", model, "adapters", "import", "nowhere"], "There is no adapter file"),
        (["-m", model, "adapters", "import", str(wrong), "--name", "base"], "another name"),
    ]:
        result = run(*arguments)
        assert result.exit_code in (1, 2)
        assert (result.stdout, len(result.stderr.splitlines())) == ("", 1)
        assert words in result.stderr
