"""A stand-in for the engine process that answers everything, until its fault strikes.

`python fake_child.py FAULT STAGE [FLAG_FILE]`: the fault happens at the stage, unless the
flag file exists; it is created just before, so that the next child is a healthy one.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from msgspec.structs import replace

from localai.conversation import Completion, Delta, Finished, PromptProgress
from localai.engine import frames
from localai.engine.base import BARE, AdapterFile, ModelInfo, Rendered, Sampled, Scoring

TOKENS = 8
FAULT_TOKEN = 3
GENERATE_SLOWLY = "slow"
DEADLY, REFUSED = "deadly.gguf", "refused.gguf"
INFO = ModelInfo(
    path="fake.gguf",
    name="fake",
    architecture="fake",
    n_ctx=100,
    n_vocab=100,
    accelerator="cpu",
    template_source="fallback",
    vocab_hash="",
)


class Fake:
    def __init__(self, fault: str, stage: str, flag: Path | None) -> None:
        self.fault, self.stage, self.flag = fault, stage, flag
        self.reader = frames.FrameReader()
        self.waiting: list[frames.Command] = []
        self.cancelled = 0
        self.asked: list[tuple[int, int]] = []
        self.questions: list[Scoring] = []

    def run(self) -> NoReturn:
        while True:
            if not self.waiting:
                self.receive()
                continue
            for answer in self.answers(self.waiting.pop(0)):
                os.write(1, frames.pack(answer))

    def receive(self) -> None:
        """Wait for commands; the end of the parent ends the child."""
        data = os.read(0, 1 << 16)
        if not data:
            os._exit(0)
        for body in self.reader.feed(data):
            command = frames.command(body)
            if isinstance(command, frames.Cancel):
                self.cancelled = command.number
            else:
                self.waiting.append(command)

    def answers(self, command: frames.Command) -> Iterator[frames.Answer]:
        number = command.number
        if isinstance(command, frames.Load):
            self.reach("load")
            if command.options.path == "no model":
                yield frames.Failed(number, "model", "There is no such model; choose another.")
                return
            yield frames.Loaded(number, INFO)
        elif isinstance(command, frames.UseAdapter):
            yield self.use_adapter(number, command.adapter)
        elif isinstance(command, frames.UseBeside):
            yield self.use_adapter(number, command.beside.adapter if command.beside else BARE)
        elif isinstance(command, frames.Render):
            self.reach("render")
            text = "".join(message.text for message in command.messages)
            ids = tuple(range(len(text)))
            yield frames.Prompt(number, Rendered(ids, (0.0,) * len(ids)))
        elif isinstance(command, frames.Tokenize):
            yield frames.Texts(number, ("not", "ids"))
        elif isinstance(command, frames.Pieces):
            yield frames.Texts(number, tuple(str(id) for id in command.ids))
        elif isinstance(command, frames.Probe):
            yield frames.Failed(number, "overflow", "That is too long; shorten it.")
        elif isinstance(command, frames.Generate):
            yield from self.generate(number, len(command.request.ids))
        elif isinstance(command, frames.Sample | frames.SampleOn):
            yield self.sample(command)
        elif isinstance(command, frames.Score | frames.ScoreOn):
            yield self.score(command)

    def sample(self, command: frames.Sample | frames.SampleOn) -> frames.Answer:
        """A sample for every slice, the last one first."""
        if isinstance(command, frames.Sample):
            self.asked = [(at, i) for at, job in enumerate(command.jobs) for i in range(job.n)]
            return frames.Some(command.number, (), bool(self.asked))
        self.reach("sample")
        if not self.asked:
            return frames.Failed(command.number, "engine", "It was interrupted; start it again.")
        job, sample = self.asked.pop()
        done = Sampled(job, sample, 0, f"{job}.{sample}", "", Completion("stop"))
        return frames.Some(command.number, (done,), bool(self.asked))

    def score(self, command: frames.Score | frames.ScoreOn) -> frames.Answer:
        """A question for every slice."""
        if isinstance(command, frames.Score):
            self.questions = list(command.questions)
            return frames.Scored(command.number, (), bool(self.questions))
        self.reach("score")
        question = self.questions.pop(0)
        scores = tuple((0.0,) * len(ids) for ids in question.continuations)
        return frames.Scored(command.number, (scores,), bool(self.questions))

    def use_adapter(self, number: int, adapter: AdapterFile) -> frames.Answer:
        """The fault "adapter" strikes at one of them alone, another is refused."""
        if adapter.path == DEADLY:
            self.reach("adapter")
        if adapter.path == REFUSED:
            return frames.Failed(number, "adapter", "It is no use; choose another.")
        return frames.Loaded(number, replace(INFO, adapter=adapter.sha256))

    def generate(self, number: int, prompt: int) -> Iterator[frames.Answer]:
        """Events; with the fault "slow" it waits for a cancel before the fault token."""
        self.reach("prompt")
        yield frames.Happened(number, PromptProgress(prompt, prompt))
        for k in range(TOKENS):
            if k == FAULT_TOKEN:
                self.reach("token")
                while self.fault == GENERATE_SLOWLY and self.cancelled < number:
                    self.receive()
            if self.cancelled >= number:
                yield frames.Happened(number, Finished(Completion("cancelled", prompt)))
                return
            yield frames.Happened(number, Delta(f"{k} "))
        yield frames.Happened(number, Finished(Completion("stop", prompt, 0, TOKENS)))

    def reach(self, stage: str) -> None:
        if stage != self.stage or (self.flag is not None and self.flag.exists()):
            return
        if self.flag is not None:
            self.flag.touch()
        strike(self.fault)


def strike(fault: str) -> None:
    if fault == "abort":
        print("GGML_ASSERT(n_tokens > 0) \x1b]52;c;evil\x07failed", file=sys.stderr, flush=True)
        os.abort()
    elif fault == "segv":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault == "exit":
        os._exit(3)
    elif fault == "wait":
        while os.read(0, 1 << 16):
            pass
        os._exit(0)
    elif fault == "hang":
        while True:
            signal.pause()
    elif fault == "half":
        os.write(1, frames.pack(frames.Ids(1, (1, 2, 3)))[:-2])
        os._exit(0)
    elif fault == "garbage":
        os.write(1, (40).to_bytes(4, "big") + b"\xc1\xff\x00" * 20)
        signal.pause()
    elif fault == "line":
        for _ in range(1 << 14):  # 1 GB without an end
            os.write(1, b"x" * (1 << 16))
    elif fault == "oversized":
        os.write(1, (1 << 30).to_bytes(4, "big") + b"x" * 1000)
        signal.pause()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    flag = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    Fake(sys.argv[1], sys.argv[2], flag).run()
