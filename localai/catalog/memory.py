"""How much memory this machine, or the container this runs in, has, and how much is free."""

from __future__ import annotations

from pathlib import Path

import psutil

_CONTAINER = Path("/sys/fs/cgroup")


def total_memory() -> int:
    """Bytes of RAM, or the container's limit (cgroup 2) where that is lower."""
    total: int = psutil.virtual_memory().total
    limit = _number("memory.max")
    return total if limit is None else min(total, limit)


def free_memory() -> int:
    """Bytes that a program can take without pushing another one out; cached files count."""
    free: int = psutil.virtual_memory().available
    limit, taken = _number("memory.max"), _number("memory.current")
    if limit is None or taken is None:
        return free
    return max(0, min(free, limit - taken + _cached_files()))


def own_memory(process: int) -> int:
    """Bytes that would be free if the process ended; 0 if that is not to be learned."""
    try:
        return int(psutil.Process(process).memory_full_info().uss)
    except psutil.Error:
        return 0


def _number(name: str) -> int | None:
    """A figure of the container's; None outside one, or when it says "max"."""
    try:
        return int((_CONTAINER / name).read_text("ascii"))
    except (OSError, ValueError):
        return None


def _cached_files() -> int:
    """Bytes of the container's memory that hold copies of files and can be dropped."""
    try:
        lines = (_CONTAINER / "memory.stat").read_text("ascii").splitlines()
    except OSError:
        return 0
    sizes = dict(line.split(maxsplit=1) for line in lines)
    return int(sizes.get("active_file", 0)) + int(sizes.get("inactive_file", 0))


def has_discrete_gpu() -> bool:
    """Whether a driver for GPUs with their own memory is loaded (Linux: NVIDIA or AMD)."""
    return any(Path(path).exists() for path in ("/proc/driver/nvidia/version", "/dev/kfd"))
