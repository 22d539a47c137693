"""Starting the engine process, and what it may know of the environment.

The child gets an allow-list of variables, so no secret reaches the model's process, and a
session of its own, so Ctrl-C in the terminal is the app's to handle. It is spawned, never
forked. The child's own precautions are in `worker`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO

ALLOWED = {
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "PYTHONPATH",
    "SYSTEMROOT",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
}
ALLOWED_PREFIXES = (
    "LC_",
    "LOCALAI_",
    "GGML_",
    "LLAMA_",
    "CUDA_",
    "NVIDIA_",
    "HIP_",
    "HSA_",
    "ROCR_",
    "VK_",
)
FIXED = {
    # An abort would otherwise start a debugger and print the stack.
    "GGML_NO_BACKTRACE": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONIOENCODING": "utf-8:backslashreplace",
}


def environment(source: Mapping[str, str]) -> dict[str, str]:
    """The child's environment: what is allowed of `source`, plus what is fixed."""
    allowed = {
        name: value
        for name, value in source.items()
        if name in ALLOWED or name.startswith(ALLOWED_PREFIXES)
    }
    return allowed | FIXED


def command(parent: int, dies_with_thread: bool) -> tuple[str, ...]:
    """How the real engine is started; `-P` keeps the working directory out of its imports."""
    thread = ("--thread",) if dies_with_thread else ()
    return (sys.executable, "-P", "-m", "localai.engine.worker", str(parent), *thread)


def spawn(arguments: Sequence[str] | None, log: IO[bytes] | None) -> subprocess.Popen[bytes]:
    """Start `arguments` (default: the real engine) with pipes to it. Raises OSError."""
    # The kernel ties a child's fate to the thread that made it, so only the main thread,
    # which lives as long as the process, may ask for that.
    main = threading.current_thread() is threading.main_thread()
    return subprocess.Popen(
        list(arguments or command(os.getpid(), main)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log if log is not None else subprocess.DEVNULL,
        env=environment(os.environ),
        start_new_session=True,
        bufsize=0,
    )
