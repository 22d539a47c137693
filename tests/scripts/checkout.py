"""A checkout in miniature for testing the set-up scripts: the real scripts, fake tools.

Nothing is downloaded or compiled. A fake Python stands in for `venv` and `pip`: it logs each
call and makes the files that the real one would make; plain `-c` programs go to this Python.
PATH holds the fakes and a fixed list of system tools, nothing else.
"""

from __future__ import annotations

import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPTS = ("localai", "test", "setup.sh", "setup_install.sh", "setup_llama.sh")
TOOLS = "bash cat chmod cksum cp env getconf grep mkdir mktemp mv readlink rm sed sleep tail tr"

FAKE_PYTHON = r"""#!/usr/bin/env bash
case "$*" in
    *'import llama_cpp'*) exit "${FAKE_LOAD:-0}" ;;
    *'version_info'*) exit "${FAKE_TOO_OLD:-0}" ;;
    '-c '*) exec "$REAL_PYTHON" "$@" ;;
    *--help) echo --build-constraint && exit ;;
esac
echo "$* | CMAKE_ARGS=${CMAKE_ARGS-}" >>"$CALLS"
case "$*" in
    '-m venv '*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    *' wheel '*)
        echo '[57/178] Building CXX object'
        while [ -e "$HOLD" ]; do sleep 0.05; done
        while [ "$1" != --wheel-dir ]; do shift; done
        mkdir -p "$2" && echo wheel >"$2/llama_cpp_python-${3#*==}-py3-none-any.whl"
        ;;
    *' -e '*)
        if [ -n "${FAKE_FAIL-}" ]; then echo 'no network' && exit 1; fi
        printf '#!/usr/bin/env bash\necho "localai $*"\n' >"${0%/*}/localai"
        chmod +x "${0%/*}/localai"
        ;;
    '-m pytest'*) echo "pytest $*" ;;
esac
"""
FAKE_UV = r"""#!/usr/bin/env bash
case "$*" in
    venv*) mkdir -p "${@: -1}/bin" && cp "$FAKE_PYTHON" "${@: -1}/bin/python" ;;
    *' --python '*) "$4" -m uv "$@" ;;
esac
"""


class Checkout:
    """One fake checkout under `folder` (its path holds a space) and the calls made in it."""

    def __init__(self, folder: Path, *, without: Sequence[str] = ()) -> None:
        self.root = folder / "my checkout"
        self.bin = folder / "bin"
        self.calls_file = folder / "calls"
        self.hold = folder / "hold"
        self.cache = folder / "home" / "cache"
        self.scratch = folder / "tmp"
        for made in (self.root / "scripts", self.bin, self.scratch):
            made.mkdir(parents=True)
        for name in SCRIPTS:
            shutil.copy(ROOT / "scripts" / name, self.root / "scripts" / name)
        (self.root / "pyproject.toml").write_text("[project]\n")
        self.constraints = self.root / "constraints.txt"
        self.constraints.write_text("llama-cpp-python==1.0\n")
        for name in TOOLS.split():
            found = shutil.which(name)
            assert found, f"{name} is needed by the scripts"
            (self.bin / name).symlink_to(found)
        self.fake("python3.12", FAKE_PYTHON)
        self.fake("uname", 'echo "${1+Linux}"')
        for name in {"c++", "cmake"} - set(without):
            self.fake(name, "exit 0")
        self.env = {
            "PATH": str(self.bin),
            "HOME": str(folder),
            "LOCALAI_HOME": str(folder / "home"),
            "TMPDIR": str(self.scratch),
            "CUDA_HOME": "/nonexistent",
            "CALLS": str(self.calls_file),
            "HOLD": str(self.hold),
            "REAL_PYTHON": sys.executable,
            "FAKE_PYTHON": str(self.bin / "python3.12"),
        }

    def fake(self, name: str, body: str) -> None:
        """Put a tool named `name` on PATH."""
        path = self.bin / name
        path.write_text(body if body.startswith("#!") else f"#!/usr/bin/env bash\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def run(
        self, *args: str, script: str = "localai", cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script (a name in the checkout, or a path) to its end."""
        command = [str(self.root / "scripts" / script), *args]
        return subprocess.run(
            command, env=self.env | env, cwd=cwd, capture_output=True, text=True, timeout=60
        )

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start `localai` in a process group of its own, as a terminal would."""
        return subprocess.Popen(
            [str(self.root / "scripts" / "localai"), *args],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def source(self, program: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run bash code with the scripts' functions at hand and no GPU device."""
        names = ("setup.sh", "setup_install.sh", "setup_llama.sh")
        sourced = "".join(f'. "$root/scripts/{name}"; ' for name in names)
        program = f"set -euo pipefail; root=$1; {sourced} gpu_device=/nonexistent; {program}"
        return subprocess.run(
            ["bash", "-c", program, "bash", str(self.root)],
            env=self.env | env,
            capture_output=True,
            text=True,
            timeout=60,
        )

    @property
    def calls(self) -> list[str]:
        """The fake Python's calls so far."""
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    @property
    def compiles(self) -> list[str]:
        """Those of them that compiled llama.cpp."""
        return [call for call in self.calls if " wheel " in call]


def wait_until(condition: Callable[[], object]) -> None:
    """Return as soon as `condition` holds; fail after half a minute."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.01)


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    """Send a signal to the process alone; its exit status and stderr."""
    process.send_signal(number)
    _, talk = process.communicate(timeout=30)
    return process.returncode, talk
