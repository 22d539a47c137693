"""The peers localai is measured against, each in a process of its own.

`bare` is the least a Python program can do with llama.cpp: llama_decode, one sampler
chain, no text. `high` is llama_cpp.Llama as its users call it; those for batches are in
`engine_peers`. Each reads commands as
JSON lines on stdin and answers with one JSON line. Run through `Peer`.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from scripts.benchmarks.bare import PORTION, BareContext


class Peer:
    """A peer process and one question at a time."""

    def __init__(self, kind: str, model: str, n_ctx: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scripts.benchmarks.peers", kind, model, str(n_ctx)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, **command: Any) -> dict[str, float]:
        """Send a command and wait for its figures."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


class Bare(BareContext):
    """llama_decode and llama_sampler_sample, nothing else."""

    def decode(self, ids: Sequence[int], start: int) -> None:
        """Feed ids from position `start`, logits for the last one."""
        for begin in range(0, len(ids), PORTION):
            chunk = ids[begin : begin + PORTION]
            for i, token in enumerate(chunk):
                self.batch.token[i], self.batch.pos[i] = token, start + begin + i
                self.batch.n_seq_id[i], self.batch.seq_id[i][0] = 1, 0
                self.batch.logits[i] = 0
            self.batch.n_tokens = len(chunk)
            self.batch.logits[len(chunk) - 1] = 1
            if self.api.llama_decode(self.context, self.batch):
                raise RuntimeError("llama_decode failed")

    def sample(self) -> int:
        """The next token, greedily."""
        token: int = self.api.llama_sampler_sample(self.sampler, self.context, -1)
        return token

    def forget(self, start: int) -> None:
        """Drop everything from position `start` on."""
        self.api.llama_memory_seq_rm(self.memory, 0, start, -1)

    def run(self, command: dict[str, Any]) -> dict[str, float]:
        """{ids, n}: tokens/s of n tokens after a prompt; {prefix, ids}: seconds to read ids."""
        if "prefix" in command:
            return {"seconds": self._read_only(command["prefix"], command["ids"])}
        ids, n = command["ids"], command["n"]
        self.forget(0)
        self.decode(ids, 0)
        token = self.sample()
        began = time.perf_counter()
        for position in range(len(ids), len(ids) + n):
            self.decode([token], position)
            token = self.sample()
        return {"rate": n / (time.perf_counter() - began)}

    def _read_only(self, prefix: list[int], ids: list[int]) -> float:
        self.forget(0)
        self.decode(prefix, 0)
        self.sample()
        began = time.perf_counter()
        self.decode(ids, len(prefix))
        self.sample()
        return time.perf_counter() - began


class High:
    """llama_cpp.Llama with its default prefix reuse."""

    def __init__(self, model: str, n_ctx: int) -> None:
        from llama_cpp import Llama

        self._llama = Llama(model, n_ctx=n_ctx, verbose=False)

    def run(self, command: dict[str, Any]) -> dict[str, float]:
        """{messages, n}: tokens/s after the first token, and seconds to the first one."""
        asked = time.perf_counter()
        stream: Any = self._llama.create_chat_completion(
            command["messages"], stream=True, max_tokens=command["n"], temperature=0.0
        )
        stamps = [
            time.perf_counter()
            for chunk in stream
            if chunk["choices"][0]["delta"].get("content") is not None
        ]
        rate = (len(stamps) - 1) / (stamps[-1] - stamps[0]) if len(stamps) > 1 else 0.0
        return {"rate": rate, "seconds": stamps[0] - asked, "tokens": len(stamps)}


def main(kind: str, model: str, n_ctx: int) -> None:
    """Answer commands until stdin ends; what llama.cpp prints stays off stdout."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from scripts.benchmarks.engine_peers import Batch, Sequential

    kinds: dict[str, Callable[[str, int], Bare | High | Batch | Sequential]] = {
        "bare": Bare,
        "high": High,
        "batch": Batch,
        "sequential": Sequential,
    }
    with contextlib.redirect_stdout(sys.stderr):
        peer = kinds[kind](model, n_ctx)
        for line in sys.stdin:
            answers.write(json.dumps(peer.run(json.loads(line))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
