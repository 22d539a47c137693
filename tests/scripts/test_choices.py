"""What the set-up picks (accelerator, Python, cache) and how it says no."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scripts.checkout import Checkout

GPU = {"nvidia-smi": "exit 0"}
NVCC = {"nvcc": "echo release 13.0"}


@pytest.mark.parametrize(
    ("system", "tools", "request_", "accel", "flags"),
    [
        ("Linux", {}, "auto", "cpu", ""),
        ("Linux", NVCC, "auto", "cpu", ""),
        ("Linux", {"nvidia-smi": "exit 9"} | NVCC, "auto", "cpu", ""),
        ("Linux", GPU, "auto", "cpu", ""),
        ("Linux", GPU | NVCC, "auto", "cuda", "-DGGML_CUDA=on"),
        ("Linux", GPU | NVCC, "cpu", "cpu", ""),
        ("Linux", {}, "vulkan", "vulkan", "-DGGML_VULKAN=on"),
        ("Linux", {}, "cuda", "cuda", "-DGGML_CUDA=on"),
        ("Darwin", {}, "auto", "metal", "-DGGML_METAL=on"),
        ("Darwin", {}, "metal", "metal", "-DGGML_METAL=on"),
    ],
)
def test_accelerator(
    checkout: Checkout, system: str, tools: dict[str, str], request_: str, accel: str, flags: str
) -> None:
    checkout.fake("uname", f"echo {system}")
    for name, body in tools.items():
        checkout.fake(name, body)
    result = checkout.source(f'choose_accel {request_}; echo "$accel $cmake_flags"')
    assert result.stdout == f"{accel} {flags}\n"


def test_a_gpu_without_nvcc_is_told_before_compiling(checkout: Checkout) -> None:
    checkout.fake("nvidia-smi", "exit 0")
    talk = checkout.source("choose_accel auto").stderr
    assert "NVIDIA GPU but no nvcc" in talk
    assert "LOCALAI_ACCEL=cuda" in talk


def test_a_device_file_alone_shows_a_gpu(checkout: Checkout) -> None:
    checkout.fake("nvcc", "echo release 13.0")
    result = checkout.source('gpu_device=/dev/null; choose_accel auto; echo "$accel"')
    assert result.stdout == "cuda\n"


def test_nvcc_is_found_where_the_toolkit_puts_it(checkout: Checkout, tmp_path: Path) -> None:
    checkout.fake("nvidia-smi", "exit 0")
    checkout.fake("nvcc", "echo release 13.0")
    (tmp_path / "cuda" / "bin").mkdir(parents=True)
    (checkout.bin / "nvcc").rename(tmp_path / "cuda" / "bin" / "nvcc")
    result = checkout.source('choose_accel auto; echo "$accel"', CUDA_HOME=str(tmp_path / "cuda"))
    assert result.stdout == "cuda\n"


@pytest.mark.parametrize(
    ("system", "request_", "status", "words"),
    [
        ("Linux", "gpu", 2, "LOCALAI_ACCEL=gpu is not known"),
        ("Linux", "metal", 2, "Metal is for macOS only"),
        ("Darwin", "cuda", 2, "no CUDA on macOS"),
        ("Darwin", "cpu", 2, "LOCALAI_ENGINE__GPU_LAYERS=0"),
        ("Linux", "cuda", 1, "CUDA needs nvcc"),
        ("Linux", "vulkan", 1, "Vulkan needs glslc"),
    ],
)
def test_impossible_wishes(
    checkout: Checkout, system: str, request_: str, status: int, words: str
) -> None:
    checkout.fake("uname", f"echo {system}")
    result = checkout.run(LOCALAI_ACCEL=request_)
    assert result.returncode == status
    assert words in result.stderr
    assert checkout.compiles == []


def test_a_wish_is_kept_until_another_is_made(checkout: Checkout) -> None:
    checkout.fake("glslc", "exit 0")
    checkout.run(LOCALAI_ACCEL="vulkan")
    assert checkout.run().stderr == ""
    checkout.constraints.write_text("llama-cpp-python==2.0\n")
    checkout.run()
    assert all("-DGGML_VULKAN=on" in call for call in checkout.compiles)
    checkout.run(LOCALAI_ACCEL="auto")
    assert "-DGGML_VULKAN=on" not in checkout.compiles[-1]
    assert len(checkout.compiles) == 3


def test_own_cmake_arguments_come_last_and_make_another_wheel(checkout: Checkout) -> None:
    checkout.run()
    checkout.run(CMAKE_ARGS="-DGGML_BLAS=on -DA=b")
    assert checkout.compiles[-1].endswith(" -DGGML_BLAS=on -DA=b")
    assert checkout.run().stderr == ""
    checkout.run(CMAKE_ARGS="")
    assert len(checkout.compiles) == 2
    checkout.run(CMAKE_ARGS="-DA=b\n-DC=d")
    assert checkout.run(CMAKE_ARGS="-DA=b\n-DC=d").stderr == ""
    assert checkout.compiles[-1].endswith(" -DA=b -DC=d")


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ("", True),
        ("accel=cuda; find_nvcc() { echo c++; }", False),
        ("cpu_features() { echo another; }", False),
        ("uname() { echo riscv64; }", False),
    ],
)
def test_a_wheel_belongs_to_what_shaped_it(checkout: Checkout, change: str, same: bool) -> None:
    checkout.run()
    key = 'accel=cpu; {}\nprintf "%s" "$accel-$(wheel_key flags)"'
    plain = checkout.source(key.format(":")).stdout
    changed = checkout.source(key.format(change)).stdout
    assert plain
    assert changed
    assert (plain == changed) is same


@pytest.mark.parametrize(
    ("env", "place"),
    [
        ({"LOCALAI_HOME": "/a b"}, "/a b/cache"),
        ({"LOCALAI_HOME": "~/x", "HOME": "/h"}, "/h/x/cache"),
        ({"LOCALAI_HOME": "x"}, f"{Path.cwd()}/x/cache"),
        ({"LOCALAI_HOME": "", "XDG_CACHE_HOME": "/c"}, "/c/localai"),
        ({"LOCALAI_HOME": "", "HOME": "/h"}, "/h/.cache/localai"),
    ],
)
def test_where_wheels_are_kept(checkout: Checkout, env: dict[str, str], place: str) -> None:
    assert checkout.source("cache_folder", **env).stdout == f"{place}\n"


@pytest.mark.parametrize("missing", ["c++", "cmake"])
def test_missing_build_tools(tmp_path: Path, missing: str) -> None:
    checkout = Checkout(tmp_path, without=[missing])
    result = checkout.run()
    assert result.returncode == 1
    assert "C++ compiler" in result.stderr or "no cmake" in result.stderr
    assert "apt install g++ cmake" in result.stderr.splitlines()[-1]
    assert checkout.compiles == []


@pytest.mark.parametrize("system", ["MINGW64_NT-10.0", "MSYS_NT-10.0", "CYGWIN_NT-10.0"])
def test_windows_is_sent_to_wsl(checkout: Checkout, system: str) -> None:
    checkout.fake("uname", f"echo {system}")
    result = checkout.run()
    assert result.returncode == 1
    assert "WSL2" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_old_python_is_refused(checkout: Checkout) -> None:
    result = checkout.run(FAKE_TOO_OLD="1")
    assert result.returncode == 1
    assert "needs Python 3.11 or newer" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_named_python_is_taken_or_refused(checkout: Checkout) -> None:
    checkout.fake("mine", (checkout.bin / "python3.12").read_text())
    checkout.fake("python3.12", "exit 1")
    assert checkout.run("x", PYTHON="mine").stdout == "localai x\n"
    refused = checkout.run(PYTHON="absent", LOCALAI_ACCEL="cpu")
    assert refused.returncode == 1
    assert "PYTHON=absent is not Python 3.11" in refused.stderr
