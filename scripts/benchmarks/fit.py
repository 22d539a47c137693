"""The estimate of a model's memory, against llama.cpp's own report and the engine's size.

Bar: within 10 % of both, for the model, a Q8_0 and a F16 of it (and a Q4_0, which a CPU
repacks), at two windows, and for a quantised cache. The report is the sum of the buffer
sizes that llama.cpp logs; the size is the resident memory of localai's engine process
after it has read a prompt longer than a batch.
"""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import psutil

from localai.catalog.fit import fit
from localai.catalog.gguf import read_header
from localai.context_window import KvType
from localai.engine.base import LoadOptions, Request, Sampling
from localai.engine.process import EngineProcess
from scripts.benchmarks.rows import Row

BAR = 10.0
"""Per cent."""
WINDOWS = (2048, 8192)
FILE_TYPES = {"Q8_0": 7, "F16": 1, "Q4_0": 2}
"""Name -> llama_ftype."""
PROMPT = 1000
_BUFFER = re.compile(rb"buffer size = +([\d.]+) MiB")


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Two rows for each file, window and type of cache."""
    with tempfile.TemporaryDirectory() as folder:
        for file in (Path(model), *_requantised(Path(model), Path(folder))):
            for window in WINDOWS:
                yield _compared(file, window, "f16")
        for kv_type in ("q8_0", "q4_0"):
            yield _compared(Path(model), WINDOWS[-1], kv_type)


def _compared(file: Path, window: int, kv_type: KvType) -> list[Row]:
    header = read_header(file)
    need = fit(header, window, kv_type)
    options = LoadOptions(str(file), n_ctx=window, kv_type=kv_type, n_gpu_layers=0)
    name = f"{header.quant}, {window} tokens, cache {kv_type}: "
    return [
        _row(name + "estimate / report of llama.cpp", need.reported, reported(options)),
        _row(name + "estimate / resident engine", need.resident, resident(options)),
    ]


def _row(name: str, estimated: int, measured: float) -> Row:
    name += f" ({estimated / 1e6:.1f} / {measured / 1e6:.1f} MB)"
    off = 100 * abs(estimated / measured - 1)
    return Row(name, off, "% off", bar=BAR, better="low")


def _requantised(model: Path, folder: Path) -> Iterator[Path]:
    """The model in other types, written by llama.cpp in a process of its own."""
    for name, kind in FILE_TYPES.items():
        file = folder / f"{name}.gguf"
        _child("quantise", str(model), str(file), str(kind))
        yield file


def reported(options: LoadOptions) -> float:
    """Bytes of all buffers that llama.cpp logs while it loads the model as localai does."""
    text = _child("report", options.path, str(options.n_ctx), options.kv_type)
    return float(json.loads(text.splitlines()[-1]))


def resident(options: LoadOptions) -> float:
    """Bytes of the engine process after a prompt of PROMPT tokens."""
    before = set(psutil.Process().children())
    with EngineProcess(options) as engine:
        ids = engine.tokenize("The keeper lit the lamp again. " * PROMPT)[:PROMPT]
        for _ in engine.generate(Request(ids, Sampling(temperature=0), max_tokens=8)):
            pass
        (child,) = set(psutil.Process().children()) - before
        return float(child.memory_info().rss)


def _child(*arguments: str) -> str:
    command = [sys.executable, "-m", "scripts.benchmarks.fit", *arguments]
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ).stdout


def quantise(source: str, target: str, kind: str) -> None:
    """Write a model anew in another llama_ftype, with llama.cpp's own call."""
    from llama_cpp import llama_cpp as api

    params = api.llama_model_quantize_default_params()
    params.ftype, params.allow_requantize = int(kind), True
    if api.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(params)) != 0:
        sys.exit(f"llama.cpp cannot write {target}")


def _report(path: str, window: str, kv_type: KvType) -> None:
    from llama_cpp import llama_cpp as api

    from localai.engine.llama_log import Reasons
    from localai.engine.llama_model import load_model, open_context

    mebibytes: list[float] = []

    def listen(level: int, text: bytes, _: object) -> None:
        mebibytes.extend(map(float, _BUFFER.findall(text)))

    callback = api.llama_log_callback(listen)
    api.llama_log_set(callback, None)
    api.llama_backend_init()
    options = LoadOptions(path, n_ctx=int(window), kv_type=kv_type, n_gpu_layers=0)
    with Reasons() as log:
        open_context(options, load_model(options, log))
    print(json.dumps(sum(mebibytes) * 2**20))


if __name__ == "__main__":
    action, first, second, third = sys.argv[1:]
    if action == "quantise":
        quantise(first, second, third)
    else:
        _report(first, second, cast(KvType, third))
