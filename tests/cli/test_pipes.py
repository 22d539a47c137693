"""The command line among other programs: pipes that close, signals, what goes where."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from localai.store.rows import StoredMessage
from localai.store.store import Store
from tests.cli.program import PATIENCE, SCRIPTED, environment, start


def stored() -> StoredMessage:
    """The last answer."""
    with Store.open() as store:
        latest = store.latest()
        assert latest is not None
        return store.message(latest.leaf)


def test_a_pipe_gets_text_as_it_comes() -> None:
    with start(["ask", "Count"], environment([{"text": "one\ntwo", "hold_at": 1}])) as program:
        assert program.stdout is not None
        assert program.stdout.read(3) == "one"
        program.kill()


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    reply = {"text": "one\n" + "more\n" * 500}
    env = environment([reply], SCRIPTED_PACE="0.002")
    with start(["ask", "Count"], env) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "one\n"
        program.stdout.close()
        assert program.stderr is not None
        assert program.stderr.read() == ""
        assert program.wait(PATIENCE) == 0
    answer = stored()
    assert answer.status == "cancelled"
    assert answer.message.text.startswith("one\nmore")
    assert len(answer.message.text) < len(reply["text"])


def test_what_nobody_reads_is_not_preferred() -> None:
    replies = [{"text": "one\n" * 2000}, {"text": "one\n" + "more\n" * 500}]
    env = environment(replies[:1])
    with start(["ask", "Count"], env) as program:
        program.communicate(timeout=PATIENCE)
    first = stored()
    env = environment(replies[1:], SCRIPTED_PACE="0.002")
    with start(["correct", "--shorter"], env) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "one\n"
        program.stdout.close()
        assert program.wait(PATIENCE) == 0
    assert stored().id == first.id
    with Store.open() as store:
        assert store.corrections() == ()


def test_signals_keep_the_answer_so_far() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        env = environment([{"text": "one\ntwo\nthree\nfour", "hold_at": 2}])
        with start(["ask", "Count"], env) as program:
            assert program.stdout is not None
            first = program.stdout.read(7)
            program.send_signal(number)
            rest, errors = program.communicate(timeout=PATIENCE)
        assert (first + rest, errors) == ("one\ntwo\n", "")
        assert program.returncode == 128 + number
        answer = stored()
        assert (answer.status, answer.message.text.strip()) == ("cancelled", "one\ntwo")


def test_json_after_an_interrupt_is_whole() -> None:
    env = environment([{"text": "one two three", "hold_at": 2}])
    with start(["ask", "--json", "Count"], env) as program:
        while not _answering():
            pass
        time.sleep(0.2)  # its row is there a moment before Ctrl-C means the answer
        program.send_signal(signal.SIGINT)
        out, _ = program.communicate(timeout=PATIENCE)
    assert program.returncode == 130
    found = json.loads(out)
    assert (found["answer"], found["finish_reason"]) == ("one two", "cancelled")


def _answering() -> bool:
    """Whether an answer has begun; it is flushed a little later, so its row is enough."""
    with Store.open(readonly=True) as store:
        latest = store.latest()
        return latest is not None and latest.messages == 2


def test_a_file_as_standard_input_and_one_for_the_answer() -> None:
    with start(["ask"], environment(["Fine."]), stdin=subprocess.PIPE) as program:
        out, errors = program.communicate("How are you?\n", timeout=PATIENCE)
    assert (out, errors, program.returncode) == ("Fine.\n", "", 0)


@pytest.mark.parametrize("closing", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_are_no_problem(closing: str) -> None:
    command = f"{shlex.join(SCRIPTED)} ask Hi {closing}"
    result = subprocess.run(
        ["sh", "-c", command], env=environment(["Fine."]), capture_output=True, text=True
    )
    assert result.returncode == 0
    assert (result.stdout, result.stderr) == ("" if ">" in closing else "Fine.\n", "")
    assert stored().message.text == "Fine."


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", [["ask", "Hi"], ["history", "list", "--json"]])
def test_output_that_cannot_be_written_is_one_sentence(command: list[str]) -> None:
    full = Path("/dev/full").open("w")  # noqa: SIM115
    with full, start(command, environment(["Fine."]), stdout=full) as program:
        _, errors = program.communicate(timeout=PATIENCE)
    assert program.returncode == 1
    assert "space left" in errors
    assert errors.count("\n") == 1
