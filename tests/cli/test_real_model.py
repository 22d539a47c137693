"""The command line with the starter model: what a user meets first."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from localai.store.store import Store
from tests.cli.program import PATIENCE

pytestmark = pytest.mark.model

LOCALAI = (sys.executable, "-m", "localai")
BRIEF = ("--system", "You are a helpful AI assistant.", "--max-tokens", "40")


def localai(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LOCALAI, *arguments], input=text, capture_output=True, text=True, timeout=8 * PATIENCE
    )


def test_a_question_is_answered() -> None:
    result = localai("ask", "--json", "--temperature", "0", "What is the capital of France?")
    assert (result.stderr, result.returncode) == ("", 0)
    found = json.loads(result.stdout)
    assert "Paris" in found["answer"]
    assert found["finish_reason"] == "stop"
    assert 0 < found["tokens"]["generated"] <= 40
    assert found["timings"]["first_token_ms"] > 0


def test_a_quantised_cache_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAI_ENGINE__KV_TYPE", "q8_0")
    result = localai("ask", "--temperature", "0", "What is the capital of France?")
    assert (result.stderr, result.returncode) == ("", 0)
    assert "Paris" in result.stdout


def test_a_window_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAI_ENGINE__CONTEXT", "1000000000")
    result = localai("ask", "What is the capital of France?")
    assert (result.stdout, result.returncode) == ("", 1)
    assert "GB of memory" in result.stderr
    assert "engine.context" in result.stderr


def test_a_seed_makes_an_answer_repeatable() -> None:
    command = ("ask", "--seed", "7", "--temperature", "1", *BRIEF, "Tell me about rivers.")
    first, second = localai(*command), localai(*command)
    assert first.stdout == second.stdout != ""


def test_text_that_is_not_formatted_for_chat_is_continued() -> None:
    result = localai(
        "ask", "--raw", "--temperature", "0", "--max-tokens", "8", "One, two, three, four,"
    )
    assert "five" in result.stdout
    assert result.stderr == "The answer was cut off at 8 tokens (--max-tokens).\n"


def test_far_too_much_text_is_one_sentence() -> None:
    result = localai("ask", "Summarize", text="All work and no play. " * 450_000)
    assert (result.stdout, result.returncode) == ("", 1)
    assert "shorten it" in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_interrupt_keeps_what_was_said() -> None:
    with subprocess.Popen(
        [*LOCALAI, "ask", "--raw", "--seed", "1", "Once upon a time"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        assert program.stdout is not None
        first = program.stdout.read(20)
        program.send_signal(signal.SIGINT)
        rest, errors = program.communicate(timeout=PATIENCE)
    assert (program.returncode, errors) == (130, b"")
    with Store.open() as store:
        latest = store.latest()
        assert latest is not None
        answer = store.message(latest.leaf)
    assert answer.status == "cancelled"
    assert answer.message.text.encode().startswith(first)
    assert len(first + rest) >= 20
