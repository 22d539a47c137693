"""A fast BLAS for MLX on Linux CPUs, whose wheel carries an unoptimised reference one.

The symbols of a library opened with RTLD_GLOBAL win over those that MLX brings, so it
must be opened before MLX is imported. scipy-openblas32 is an OpenBLAS that needs nothing
else on the machine, but its functions carry a prefix; a bridge of a few lines, compiled
once, gives the ones that training lives on their plain names. Metal and CUDA need none of
this.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from localai import paths

DISTRIBUTION = "scipy-openblas32"
LIBRARY = "scipy_openblas32/lib/libscipy_openblas.so"
COMPILE_SECONDS = 60

_BRIDGE = "".join(
    f"""
void scipy_cblas_{kind}gemm(int, int, int, int, int, int, {by}, const void *, int,
                            const void *, int, {by}, void *, int);
void cblas_{kind}gemm(int order, int ta, int tb, int m, int n, int k, {by} alpha,
                      const void *a, int lda, const void *b, int ldb, {by} beta,
                      void *c, int ldc) {{
    scipy_cblas_{kind}gemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}}
"""
    for kind, by in (("s", "float"), ("d", "double"), ("c", "const void *"))
)
"""Matrix products with the signatures of the CBLAS standard (netlib.org/blas)."""


def bind() -> bool:
    """Open OpenBLAS for all that is loaded later; False where there is none to be had.

    Raises RuntimeError when MLX is loaded already: then it is too late.
    """
    if sys.platform != "linux":
        return False
    if "mlx.core" in sys.modules:
        raise RuntimeError("OpenBLAS must be bound before mlx.core is imported")
    try:
        found = metadata.distribution(DISTRIBUTION)
        library = Path(str(found.locate_file(LIBRARY))).resolve(strict=True)
        bridge = _bridge(library, found.version)
        blas = ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        blas.scipy_openblas_set_num_threads(len(os.sched_getaffinity(0)))
        ctypes.CDLL(str(bridge), mode=ctypes.RTLD_GLOBAL)
    except (metadata.PackageNotFoundError, OSError, subprocess.SubprocessError):
        return False
    return True


def _bridge(library: Path, version: str) -> Path:
    """The compiled bridge to `library`, made when it is missing. Raises OSError or
    SubprocessError where there is no compiler."""
    folder = paths.private_dir(paths.home() / "cache")
    bridge = folder / f"blas-{version}.so"
    if bridge.exists():
        return bridge
    compiler = shutil.which("cc") or shutil.which("g++") or "cc"
    handle, name = tempfile.mkstemp(suffix=".so", dir=folder)
    os.close(handle)
    try:
        subprocess.run(
            [compiler, "-xc", "-", "-shared", "-fPIC", "-O2", "-o", name, "-xnone", str(library)],
            input=_BRIDGE.encode(),
            check=True,
            capture_output=True,
            timeout=COMPILE_SECONDS,
        )
        Path(name).replace(bridge)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
    return bridge
