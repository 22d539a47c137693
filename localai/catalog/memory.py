"""How much memory this machine, or the container this runs in, has at all."""

from __future__ import annotations

from pathlib import Path

import psutil


def total_memory() -> int:
    """Bytes of RAM, or the container's limit (cgroup 2) where that is lower."""
    total: int = psutil.virtual_memory().total
    try:
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    except (OSError, ValueError):
        return total


def has_discrete_gpu() -> bool:
    """Whether a driver for GPUs with their own memory is loaded (Linux: NVIDIA or AMD)."""
    return any(Path(path).exists() for path in ("/proc/driver/nvidia/version", "/dev/kfd"))
