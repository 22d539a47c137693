"""The training process and the comparison with llama.cpp, on a tiny model, for real."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import msgspec
import numpy as np
import psutil
import pytest

from localai import tune_process
from localai.errors import EngineError, ModelError
from localai.tune import adapter, parity, training
from localai.tune.checkpoints import CHECKPOINT
from localai.tune.parity_result import Parity
from localai.tune.plan import ADAPTER, PARITY, PLAN, Again, Options, Plan, Step, Trained
from localai.tune.trainer import TERMINATED
from tests.tune.tiny_examples import example

OPTIONS = Options(rank=4, learning_rate=5e-3, warmup=2, epochs=8, tokens=64, replay=0.4)


def plan(base: Path, options: Options = OPTIONS) -> Plan:
    own, replay = (example(1), example(2)), (example(3), example(4))
    return Plan(str(base), options, own, replay, (*own, *replay))


@pytest.fixture(scope="module")
def base(tiny_llama: Callable[[str], Path]) -> Path:
    return tiny_llama("F16")


@pytest.fixture(scope="module")
def made(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Step], Trained]:
    """What a run left in its folder, and what it told."""
    folder = tmp_path_factory.mktemp("run")
    steps: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCALAI_HOME", str(folder / "home"))
        trained = training.train(folder, plan(base), steps.append)
    return folder, steps, trained


@pytest.fixture
def folder(made: tuple[Path, list[Step], Trained], tmp_path: Path) -> Path:
    """A copy, to be changed."""
    for name in (PLAN, ADAPTER, PARITY):
        shutil.copy(made[0] / name, tmp_path)
    return tmp_path


def test_it_tells_every_step_and_learns(made: tuple[Path, list[Step], Trained]) -> None:
    _, steps, trained = made
    assert [step.number for step in steps] == list(range(1, steps[-1].steps + 1))
    assert steps[-1].loss < steps[0].loss
    assert trained.memory > 10_000_000
    assert trained.device in ("cpu", "gpu")
    assert len(trained.template_hash) == 64


def test_the_adapter_is_whole_and_has_a_pair_for_every_weight(
    made: tuple[Path, list[Step], Trained],
) -> None:
    folder, _, _ = made
    adapter.check(folder / ADAPTER)
    reader = gguf.GGUFReader(folder / ADAPTER)
    names = {each.name for each in reader.tensors}
    kinds = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    assert names == {
        f"blk.{layer}.{kind}.weight.lora_{part}"
        for layer in range(3)
        for kind in kinds
        for part in "ab"
    }
    assert {int(each.data.shape[0]) for each in reader.tensors if each.name.endswith("a")} == {4}
    assert not list(folder.glob("*.tmp"))


def test_llama_cpp_computes_what_was_trained(folder: Path, base: Path) -> None:
    found = training.parity(folder, base)
    assert found == parity.compare(folder, str(base))
    assert found.passed
    assert found.n == 4 * 30
    assert found.kl < 1e-3


@pytest.mark.parametrize("architecture", ["qwen2", "qwen3", "gemma3"])
def test_it_computes_what_was_trained_in_every_architecture(
    wide: Callable[[str], Path], architecture: str, tmp_path: Path
) -> None:
    base, news = wide(architecture), list[Step | Again]()
    training.train(tmp_path, plan(base), news.append)
    steps = [each for each in news if isinstance(each, Step)]
    assert steps[-1].loss < 0.8 * steps[0].loss
    reader = gguf.GGUFReader(tmp_path / ADAPTER)
    held = {each.name for each in gguf.GGUFReader(base).tensors}
    assert {each.name.rpartition(".")[0] for each in reader.tensors} < held
    field = reader.get_field("general.architecture")
    assert field is not None
    assert field.contents() == architecture
    found = training.parity(tmp_path, base)
    assert found.passed
    assert found.kl < 1e-3


def test_another_scale_does_not_pass(folder: Path, base: Path) -> None:
    reader = gguf.GGUFReader(folder / ADAPTER, "r+")
    alpha = reader.fields["adapter.lora.alpha"]
    alpha.parts[alpha.data[0]][0] *= 2
    reader.data.flush()
    found = parity.compare(folder, str(base))
    assert found.kl > 0.05
    assert not found.passed


def test_swapped_rows_do_not_pass(folder: Path, base: Path) -> None:
    """As when queries are written in another model's order."""
    reader = gguf.GGUFReader(folder / ADAPTER, "r+")
    for tensor in reader.tensors:
        if "attn_q.weight.lora_b" in tensor.name:
            tensor.data[:] = tensor.data[::-1].copy()
    reader.data.flush()
    assert not parity.compare(folder, str(base)).passed


def test_the_bare_model_does_not_pass(folder: Path, base: Path) -> None:
    reader = gguf.GGUFReader(folder / ADAPTER, "r+")
    for tensor in reader.tensors:
        tensor.data[:] = 0.0
    reader.data.flush()
    assert not parity.compare(folder, str(base)).passed


def test_an_adapter_that_cannot_be_read_is_an_error(folder: Path, base: Path) -> None:
    (folder / ADAPTER).write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(EngineError, match="could not read the new adapter"):
        training.parity(folder, base)


def test_a_model_that_cannot_be_trained_is_refused(
    tiny_llama: Callable[[str], Path], tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="is MXFP4") as error:
        training.train(tmp_path, plan(tiny_llama("MXFP4")), lambda step: None)
    assert "\n" not in str(error.value)
    assert not (tmp_path / ADAPTER).exists()


def test_nonsense_is_refused_and_leaves_no_adapter(base: Path, tmp_path: Path) -> None:
    wild = msgspec.structs.replace(OPTIONS, learning_rate=1e30, warmup=0, epochs=20)
    with pytest.raises(ModelError, match="not finite"):
        training.train(tmp_path, plan(base, wild), lambda step: None)
    assert not (tmp_path / ADAPTER).exists()


def test_a_process_that_dies_is_an_error_that_names_the_log(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="exit code 1") as error:
        training.train(tmp_path, plan(tmp_path / "absent.gguf"), lambda step: None)
    assert str(tune_process.log()) in str(error.value)
    assert b"absent.gguf" in tune_process.log().read_bytes()


class Ends:
    """Ends the training process at its third step, `times` times, as the system would."""

    def __init__(self, times: int) -> None:
        self.times, self.steps, self.told = times, list[int](), list[str]()

    def __call__(self, news: Step | Again) -> None:
        if isinstance(news, Again):
            self.told.append(news.message)
            return
        self.steps.append(news.number)
        if self.times and news.number % 3 == 0:
            self.times -= 1
            for child in psutil.Process().children():
                child.terminate()


def test_a_process_that_dies_once_is_started_again(base: Path, tmp_path: Path) -> None:
    ends = Ends(times=1)
    trained = training.train(tmp_path, plan(base), ends)
    assert trained.memory > 0
    assert len(ends.told) == 1
    assert f"exit code {TERMINATED}" in ends.told[0]
    assert ends.steps == list(range(1, len(ends.steps) + 1))
    adapter.check(tmp_path / ADAPTER)


def test_one_that_dies_always_is_one_sentence(base: Path, tmp_path: Path) -> None:
    ends = Ends(times=2)
    with pytest.raises(
        EngineError, match=r"twice; .* then `localai tune --resume` with the same"
    ) as error:
        training.train(tmp_path, plan(base), ends)
    assert "\n" not in str(error.value)
    assert len(ends.told) == 1
    assert not (tmp_path / ADAPTER).exists()


def test_an_interruption_leaves_a_checkpoint(base: Path, tmp_path: Path) -> None:
    seen: list[int] = []

    def interrupted(news: Step | Again) -> None:
        assert isinstance(news, Step)
        seen.append(news.number)
        if len(seen) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(tmp_path, plan(base), interrupted)
    assert (tmp_path / CHECKPOINT).exists()
    before = len(seen)
    training.train(tmp_path, plan(base), interrupted)
    assert len(seen) > before >= 4
    assert seen == list(range(1, seen[-1] + 1))


@pytest.mark.parametrize(
    ("kl", "same", "n", "passed"),
    [
        (0.009, 0.95, 10, True),
        (0.011, 1.0, 10, False),
        (0.0, 0.94, 400, True),
        (0.0, 0.92, 400, False),
        (0.0, 0.7, 10, False),
        (0.0, 1.0, 0, False),
        (float("nan"), 1.0, 10, False),
    ],
)
def test_what_passes(kl: float, same: float, n: int, passed: bool) -> None:
    assert Parity(kl, 0.0, same, n).passed is passed


def test_a_bound_must_be_missed_for_certain() -> None:
    assert Parity(0.0105, 0.0005, 1.0, 400).passed
    assert not Parity(0.0115, 0.0005, 1.0, 400).passed


def test_parity_is_the_divergence_of_all_positions(folder: Path, base: Path) -> None:
    """A text that MLX read quite otherwise is seen, though the others agree."""
    left = np.load(folder / PARITY)
    before = parity.compare(folder, str(base))
    left[-30:] = -np.log(left.shape[1])
    np.save(folder / PARITY, left)
    found = parity.compare(folder, str(base))
    assert found.n == before.n
    assert found.same <= 0.75
    assert found.kl > 0.25
